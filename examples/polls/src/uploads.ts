/** The folder of uploads. A store does not make its folder: one that is missing may be a volume that is not mounted. */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const uploads = process.env.UPLOADS ?? fileURLToPath(new URL('../.partywall/uploads', import.meta.url))

mkdirSync(uploads, { recursive: true })
