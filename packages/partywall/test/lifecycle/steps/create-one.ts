/** A process that creates or resumes a tenant with seeds, and is killed: `create-one.ts <config as JSON> <call> <schema>`. */
import { createTenancy, type Config } from '../../../src/index.ts'

const [config, call, schema] = process.argv.slice(2) as [string, 'create' | 'resume', string]
const tenancy = createTenancy({
  ...(JSON.parse(config) as Config),
  hooks: {
    async onProvision(_tenant, { client }) {
      await client.query(`insert into log values ('hook')`)
    },
  },
})
await (call === 'create' ? tenancy.tenants.create({ schema }) : tenancy.tenants.resume(schema))
await tenancy.close()
