/**
 * partywall/opentelemetry: the tenant in traces. `TenantSpanProcessor` puts it on each span, `traceTenancy` adds spans for scopes and migrations, and `sqlComments`
 * tells the server which tenant and which trace a statement belongs to.
 */
import '../../node-version.ts'
export { TenantSpanProcessor } from './tenant-span-processor.ts'
export { traceTenancy, type TraceOptions } from './trace-tenancy.ts'
export { sqlComments, type SqlCommentOptions } from './sql-comments.ts'
export type { TracedTenancy } from './observed-tenancy.ts'
export type { ScopeLike, ScopeTenancy } from '../../ports/tenancy-like.ts'
