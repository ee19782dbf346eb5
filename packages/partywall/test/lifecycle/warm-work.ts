/** A process that makes and uses ready schemas, started and killed by warm.test.ts: warm-work.ts <url> <root> <schema> */
import { createTenancy } from '../../src/index.ts'

const [database, root, schema] = process.argv.slice(2) as [string, string, string]
const tenancy = createTenancy({
  database: { connectionString: database, application_name: 'killed' },
  root,
  migrations: { shared: false, tenant: { default: false, killed: 'killed' } },
  warm: { size: { killed: 3 } },
})
await tenancy.ready()
process.stdout.write('ready\n')
await tenancy.warm.fill()
for (let number = 0; ; number++) {
  await tenancy.tenants.create({ schema: `${schema}_${number}`, kind: 'killed' })
  if (number % 2 === 1) await tenancy.warm.fill()
}
