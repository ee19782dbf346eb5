import { byHost, byPath, createTenancy } from 'partywall'
import { tenantNext } from 'partywall/next'

function open() {
  return createTenancy({
    database: process.env.DATABASE_URL,
    migrations: { shared: false, tenant: false },
    pool: { max: 8 },
    resolve: [byHost({ base: 'example.com' }), byPath({ prefix: '/t', trusted: true })],
    members: { roles: { admin: { can: ['notes.write'] } } },
  })
}

export const tenancy = (globalThis.tenancyOfApp ??= open())

export const { withTenant, tenantRoute, tenantAction, tenantCache, tenantCacheKey } = tenantNext(tenancy, {
  // Stands for a session that was verified.
  user: ({ headers }) => headers.get('x-session-of'),
})
