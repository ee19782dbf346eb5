import { cacheContract } from './contract.ts'
import { subjects } from './subjects.ts'

for (const subject of subjects) cacheContract(subject)
