/**
 * partywall/better-auth: sign-in with Better Auth. `tenantAuth` has the users of each tenant in the tenant's schema, with an instance for each tenant; `centralAuth` has one
 * account for all tenants in the shared schema.
 */
import '../../node-version.ts'
export { betterAuthMigrations, betterAuthSql } from './auth-migrations.ts'
export type { MasterSecrets } from '../../master-secrets.ts'
export type { AuthHandle, AuthRequest } from './auth-handle.ts'
export {
  centralAuth,
  centralModels,
  type CentralAuthSettings,
  type CentralAuthTenancy,
  type HandOverAuthTenancy,
} from './central-auth.ts'
export type { SwitchTenancy } from '../../ports/tenancy-like.ts'
export type { HandOverOptions, HandOverTenancy } from './hand-over.ts'
export type { DomainEvents } from './tenant-instances.ts'
export { tenantAuth, type TenantAuthSettings, type TenantAuthTenancy } from './tenant-auth.ts'
