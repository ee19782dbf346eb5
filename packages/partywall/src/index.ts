import './node-version.ts'
export { createTenancy } from './tenancy.ts'
export type { Tenancy } from './tenancy.ts'
export type { RecheckedDomain, RecheckOptions, RecheckReport } from './domains/verification.ts'
export type { BoundaryApi, DatabaseApi, DomainsApi, LoginsApi, RunInTenantOptions, SessionOptions } from './tenancy-api.ts'
export type { AuditApi, AuditFilter, AuditListOptions, NewAuditEntry } from './tenancy-audit.ts'
export type { AuditAction, AuditEntry, EntryOptions, EntryPageOptions } from './catalog/audit/reading.ts'
export type { ActionName } from './catalog/audit/actions.ts'
export type { AuditTarget } from './catalog/audit/target.ts'
export type { SettingEntry, SettingsApi } from './tenancy-settings.ts'
export type { PerTenant, PerTenantOptions } from './settings/per-tenant.ts'
export type { Rotation, SettingSource } from './settings/settings-results.ts'
export type { SettingKey, Settings, SettingsConfig, SettingsOption, SomeSettings } from './config/settings-option.ts'
export type { EmailDomainsApi, MembersApi } from './tenancy-members.ts'
export type { MemberListOptions, MembershipListOptions } from './catalog/members/members.ts'
export type { OwnershipTransfer } from './catalog/members/member-changes.ts'
export type { AcceptOptions, CreatedInvitation, InvitationListOptions, NewInvitation } from './catalog/members/invitations.ts'
export type { FilesConfig, FilesOption } from './config/files-option.ts'
export type { ByteRange, FileStore, StoredFacts, StoredKey, StoreSignature } from './file-store.ts'
export type { AuthConfig, AuthOption } from './config/auth-option.ts'
export type { NewUserAccount, SignIn, UserAccount, UserAccounts, UserListOptions } from './ports/user-accounts.ts'
export type { MembersConfig, MembersOption } from './config/members-option.ts'
export type { TemplatesApi, TemplateStatus } from './tenancy-templates.ts'
export type { TenantUsage, UsageApi, UsageCollector, UsageCollectOptions, UsageReport, UsageTopOptions } from './tenancy-usage.ts'
export type { TenantCounters, UsageRecord } from './usage-record.ts'
export type { UsageConfig, UsageOption } from './config/usage-option.ts'
export type { WarmApi, WarmFilled, WarmStatus } from './tenancy-warm.ts'
export type { TenantsApi } from './tenancy-tenants.ts'
export type { AttackEntry, AttackReport } from './attack/report.ts'
export type { AttackOptions } from './attack/run-attacks.ts'
export type { ScopeValue } from './scope/scope.ts'
export type { PublicOptions } from './config/options.ts'
export { defineConfig } from './config/config.ts'
export type { Boundaries, SharedGrants, SharedPrivilege } from './config/boundary-option.ts'
export type {
  Boundary,
  BoundaryOption,
  Config,
  DatabaseOptions,
  HooksOption,
  MigrationSourceOption,
  MigrationsOptions,
  WarmOptions,
  DomainsOptions,
  PoolOptions,
} from './config/config.ts'
export { byApiKey, hashApiKey, type ApiKeyFinder } from './resolve/by-api-key.ts'
export { byClaim, type ClaimOptions } from './resolve/by-claim.ts'
export { byCookie, type CookieOptions } from './resolve/by-cookie.ts'
export { byHeader, type HeaderOptions } from './resolve/by-header.ts'
export { byHost } from './resolve/by-host.ts'
export { byOrigin, type OriginOptions } from './resolve/by-origin.ts'
export { byPath, type PathOptions } from './resolve/by-path.ts'
export { byQuery, type QueryOptions } from './resolve/by-query.ts'
export { bySession, type SessionReader, type SessionResolverOptions } from './resolve/by-session.ts'
export type { HostOptions } from './resolve/host-reader.ts'
export type { TextResolverOptions } from './resolve/text-resolver.ts'
export type { NameForm } from './resolve/name-forms.ts'
export type {
  Hint,
  NamedResolver,
  RequestFacts,
  RequestQuery,
  Resolution,
  Resolver,
  ResolverAddress,
  ResolverAnswer,
  ResolverFunction,
} from './ports/resolver.ts'
export { errorCodes, isTenancyError, TenancyError, tenancyErrorOf } from './errors.ts'
export type {
  AnyTenancyError,
  CauseAndDetails,
  ErrorDetails,
  UnservedForNow,
  MigrationDetails,
  OptionDetails,
  TenancyErrorCode,
} from './errors.ts'
export type {
  CloneProgress,
  MigrationsEnded,
  MigrationsStarted,
  SchemaMigrationStarted,
  Tampering,
  LifeEvents,
  TenancyEvents,
  TenantDiffers,
} from './events.ts'
export type {
  LookedUp,
  ObservedPool,
  ObservedTenancy,
  PoolWaited,
  ScopeEntered,
  ScopeLeft,
  StatementEnded,
  StatementIssued,
  StatementRefused,
} from './observation.ts'
export type { FleetCounts, HealthOptions, HealthReport } from './observe/health/health-report.ts'
export type { TenantPool } from './database/pool/tenant-pool.ts'
export type { Isolation } from './database/probe/isolation.ts'
export type { Probe } from './database/probe/probe.ts'
export type { Route } from './database/probe/route.ts'
export type { DoctorReport, ExaminationEntry } from './doctor/doctor.ts'
export type { Finding, FindingId, Severity } from './findings.ts'
export { identifier } from './names/identifier.ts'
export { protect } from './protect.ts'
export type { BoundaryOptions } from './lifecycle/boundary/boundary-options.ts'
export type {
  BoundaryEntry,
  BoundaryReport,
  BoundaryStatus,
  ForeignGrant,
  WallState,
} from './lifecycle/boundary/boundary-report.ts'
export type { BlueprintDifference } from './blueprint/blueprint-difference.ts'
export type { Hazard, Repair } from './blueprint/repair/repair.ts'
export type { DriftOptions } from './lifecycle/drift/drift-options.ts'
export type { DriftEntry, DriftReport, FixResult } from './lifecycle/drift/drift-report.ts'
export type { MissingGuard } from './lifecycle/boundary/guards.ts'
export type { Lack } from './lifecycle/boundary/walls.ts'
export type { CreatedLogin, Login } from './lifecycle/logins/logins.ts'
export type { NewLogin } from './lifecycle/logins/new-login.ts'
export type { ArchiveOptions } from './lifecycle/states/archive.ts'
export type { Deleted, DeleteOptions } from './lifecycle/states/delete.ts'
export type { DeletePlan } from './lifecycle/states/delete-plan.ts'
export type { SharedRows } from './lifecycle/states/shared-rows.ts'
export type { PurgeEntry, PurgeOptions, PurgeReport } from './lifecycle/states/purge.ts'
export type { RenameOptions } from './lifecycle/states/rename.ts'
export type { Restored, RestoreOptions } from './lifecycle/states/restore.ts'
export type {
  AdoptPlan,
  CommonAdoption,
  PlannedMove,
  SchemaToAdopt,
  TablesToAdopt,
  ToAdopt,
} from './lifecycle/adopt/adopt-input.ts'
export type { Candidate } from './lifecycle/adopt/candidate.ts'
export type { Candidates } from './lifecycle/adopt/candidates.ts'
export type { DjangoTables } from './lifecycle/adopt/django.ts'
export type { AdoptFinding } from './lifecycle/adopt/finding.ts'
export type { CloneInput, ColumnMask, NamedMask, TableMask } from './lifecycle/clone/clone-input.ts'
export type { ClonePlan, PlannedTable } from './lifecycle/clone/clone-plan.ts'
export type { AdoptEntry, FleetToAdopt } from './lifecycle/adopt/fleet.ts'
export type { Patience } from './lifecycle/adopt/patiently.ts'
export type { ReleaseOptions } from './lifecycle/adopt/release.ts'
export type { ReleasePlan } from './lifecycle/adopt/release-plan.ts'
export type { SeedsOption } from './config/options.ts'
export type { Warmth } from './config/warm-option.ts'
export type { SeedEntry, SeedOptions } from './lifecycle/steps/seed-fleet.ts'
export type { TenantStep } from './lifecycle/steps/step.ts'
export type { NewTenant } from './lifecycle/new-tenant.ts'
export type { SaveOptions } from './lifecycle/templates/save.ts'
export type { TemplateToDrop } from './lifecycle/templates/drop.ts'
export type { Rotated, RotateOptions } from './lifecycle/rotate-logins.ts'
export type { ForEachEntry, ForEachOptions, TenantTurn } from './fleet/for-each.ts'
export type { FleetProgress } from './fleet/progress.ts'
export type { ResumeOption } from './fleet/resume.ts'
export type { Across, AcrossOptions, AcrossResult, AcrossRow, FailedTenant } from './fleet/across/across.ts'
export type { FleetWorkApi } from './tenancy-fleet.ts'
export type { SharedApi, SharedReferences } from './tenancy-shared.ts'
export type { SharedDelete, SharedDeleted } from './lifecycle/shared/delete-row.ts'
export type { SharedReference } from './lifecycle/shared/references.ts'
export type { SharedKeyValue, SharedRow } from './lifecycle/shared/shared-row.ts'
export type { FleetViewsApi } from './tenancy-views.ts'
export type { FleetView, FleetViewName, NewFleetView } from './fleet/views/views.ts'
export type { ViewColumn } from './fleet/views/views-sql.ts'
export type { FleetWorkStatus } from './catalog/work/work-store.ts'
export type { DumpEntry, DumpOptions, DumpReport, FixtureFormat } from './fixtures/dump-options.ts'
export type { FixtureProgress, TableRows } from './fixtures/fixture-parts.ts'
export type { LoadEntry, LoadOptions, LoadReport, OnConflict } from './fixtures/load-options.ts'
export type { DomainListOptions } from './catalog/domains/domains.ts'
export type { TenantFilter, TenantListOptions, TenantOrder } from './catalog/tenants/tenant-list.ts'
export type { TenantChanges } from './catalog/tenants/tenant-changes.ts'
export type {
  MigrationGroup,
  Migrations,
  MigrationStatus,
  PlanOptions,
  RedoOptions,
  ResetOptions,
  RunOptions,
} from './migrations/run/run.ts'
export type {
  RecordedEntriesOptions,
  RecordedEntry,
  RecordedError,
  RecordedRun,
  RecordedRunsOptions,
  RecordedState,
} from './migrations/run/recorded-runs.ts'
export type { TrialOptions } from './migrations/trial/trial-parts.ts'
export type {
  TrialCure,
  TrialFinding,
  TrialOfKind,
  TrialPlace,
  TrialReport,
  TrialTenant,
  TrialVerdict,
  TrialWay,
} from './migrations/trial/trial-report.ts'
export type { MigrationSelection } from './migrations/plan/targets.ts'
export type {
  ImportedHistory,
  ImportedTable,
  Migration,
  MigrationClient,
  MigrationContext,
  MigrationSource,
  SourcePlace,
  SourceReview,
  Step,
} from './ports/migration-source.ts'
export type { ProvisionContext, SeedContext } from './ports/steps.ts'
export { folderMigrations } from './migrations/sources/folder/folder.ts'
export { assertFleetOk } from './fleet/report.ts'
export type { FleetEntry, FleetReport, MigrationEntry, MigrationReport } from './types.ts'
export type { EmailDomain, Invitation, Member, MemberRequirement, Membership, TenantRole } from './types.ts'
export type { Attributes, Domain, DomainClaim, Tenant, TenantRef, TenantSelection, TenantStatus } from './types.ts'
export type { Register, RegisteredTenant, RequestProperty } from './types.ts'
export type { Queryable, Statement } from './sql/statement.ts'
export { sql } from './sql/sql.ts'
export type { SqlIdentifier, SqlTag } from './sql/sql.ts'
export type { ToolOptions } from './migrations/sources/tools/tool-source.ts'
