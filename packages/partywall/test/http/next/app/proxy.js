import { tenantProxy } from 'partywall/next'
import { tenancy } from './lib/tenancy.js'

export const proxy = tenantProxy(tenancy)

// The other pages do without it: a test must see what they do themselves.
export const config = { matcher: ['/t/:path*', '/guarded/:path*'] }
