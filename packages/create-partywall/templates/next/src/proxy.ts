/** Refuses requests of no tenant before a page is rendered. Pages and route handlers decide once more by themselves. */
import { tenantProxy } from 'partywall/next'
import { api } from './server.ts'

export const proxy = tenantProxy(api.tenancy)
export const config = { matcher: ['/((?!_next/static|_next/image|favicon.ico|ready$).*)'] }
