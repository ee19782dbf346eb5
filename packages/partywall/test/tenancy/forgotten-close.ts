/** A script that looks up a tenant and forgets to close its tenancy. */
import { createTenancy } from 'partywall'

const tenancy = createTenancy({ database: process.argv[2], pool: { allowExitOnIdle: true } })
tenancy.on('lookups.watching', ({ mode }) => console.log(mode))
await tenancy.tenants.find('acme')
await new Promise((resolve) => setTimeout(resolve, 500))
