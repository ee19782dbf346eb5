export { createTenancy } from './tenancy.ts'
export type { DatabaseApi, DomainsApi, PublicOptions, RunInTenantOptions, Tenancy, TenantsApi } from './tenancy.ts'
export { defineConfig } from './config/config.ts'
export type { Config, MigrationsOption, MigrationsOptions, PoolOptions } from './config/config.ts'
export { byHost } from './resolve/by-host.ts'
export type { HostOptions } from './resolve/by-host.ts'
export { byHeader } from './resolve/by-header.ts'
export type { HeaderOptions } from './resolve/by-header.ts'
export type { Hint, RequestFacts, Resolution, Resolver, ResolverFunction } from './ports/resolver.ts'
export { errorCodes, isTenancyError, TenancyError } from './errors.ts'
export type { TenancyErrorCode } from './errors.ts'
export type { MigrationsEnded, MigrationsStarted, SchemaMigrationStarted, Tampering, TenancyEvents } from './events.ts'
export { TenantPool } from './database/pool/tenant-pool.ts'
export type { Isolation } from './database/probe/isolation.ts'
export type { Probe } from './database/probe/probe.ts'
export type { Route } from './database/probe/route.ts'
export { identifier } from './names/identifier.ts'
export type { NewTenant } from './lifecycle/provision.ts'
export type { ForEachEntry, ForEachOptions } from './fleet/for-each.ts'
export type { DomainListOptions } from './catalog/domains/domains.ts'
export type { TenantFilter, TenantListOptions, TenantOrder } from './catalog/tenants/tenant-list.ts'
export type { TenantChanges } from './catalog/tenants/tenants.ts'
export type {
  MigrationEntry,
  MigrationGroup,
  MigrationReport,
  MigrationStatus,
  PlanOptions,
  RunOptions,
} from './migrations/run/run.ts'
export type { MigrationSelection } from './migrations/plan/targets.ts'
export type {
  ImportedHistory,
  ImportedTable,
  Migration,
  MigrationClient,
  MigrationContext,
  MigrationSource,
  SourcePlace,
  Step,
} from './ports/migration-source.ts'
export { assertFleetOk } from './fleet/report.ts'
export type { FleetEntry, FleetReport } from './types.ts'
export type { Attributes, Domain, Tenant, TenantRef, TenantSelection, TenantStatus } from './types.ts'
