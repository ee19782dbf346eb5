/**
 * partywall/next, for the App Router of Next.js 16 on Node.js. `tenantNext` gives what server components, server actions and route handlers are wrapped in, so that they run in
 * the scope of the tenant of their request, and a cache whose keys have the tenant. `tenantProxy` is for `proxy.ts`. The modules of Next.js are imported when they are
 * needed, so this one loads outside of Next.js, too.
 *
 * Not isolated by it: `unstable_cache`, `'use cache'`, `fetch` with a cache and pages that are rendered at the build, which know no tenant; variables of a module.
 */
import '../../node-version.ts'

export type * from '../shared/adapter-types.ts'
export type { NextCall } from './call.ts'
export { memberOf, requireMember, requireShared, requireTenant, tenantPath } from './guards.ts'
export type { NextCallOptions } from './call-facts.ts'
export { RefusedCall } from './refused-call.ts'
export type { TenantCache, TenantCacheOptions } from './tenant-cache.ts'
export {
  tenantNext,
  type NextTenancy,
  type RouteContext,
  type TenantNext,
  type TenantNextOptions,
  type WithTenantAlways,
} from './tenant-next.ts'
export { tenantProxy, type TenantProxyOptions } from './tenant-proxy.ts'
