/** A process that migrates, to be killed: `migrating.ts <url> <root> [resume]`. */
import { createTenancy } from '../../../src/index.ts'

const [database, root, how] = process.argv.slice(2) as [string, string, string?]
const tenancy = createTenancy({ database, root })
const report = await tenancy.migrations.run({ resume: how === 'resume', concurrency: 3 })
await tenancy.close()
console.log(JSON.stringify({ ok: report.ok, targets: report.entries.length }))
