/** A process that runs one operation, and is killed: `run-one.ts <config as JSON> <operation>`. */
import { createTenancy, type Config } from '../../../src/index.ts'
import { operations } from './operations.ts'

const [config, name] = process.argv.slice(2) as [string, string]
const tenancy = createTenancy<any>(JSON.parse(config) as Config<any>)
await operations[name]!.run(tenancy)
await tenancy.close()
