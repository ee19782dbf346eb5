/** `tenancy.tenants`: what it promises to its users. */
import type { TenantChanges } from './catalog/tenants/tenant-changes.ts'
import type { TenantFilter, TenantListOptions } from './catalog/tenants/tenant-list.ts'
import type { Tenants } from './catalog/tenants/tenants.ts'
import type { AdoptPlan, ToAdopt } from './lifecycle/adopt/adopt-input.ts'
import type { AdoptEntry, FleetToAdopt } from './lifecycle/adopt/fleet.ts'
import type { ReleaseOptions } from './lifecycle/adopt/release.ts'
import type { ReleasePlan } from './lifecycle/adopt/release-plan.ts'
import type { CloneInput } from './lifecycle/clone/clone-input.ts'
import type { ClonePlan } from './lifecycle/clone/clone-plan.ts'
import type { NewTenant } from './lifecycle/new-tenant.ts'
import type { ArchiveOptions } from './lifecycle/states/archive.ts'
import type { Deleted, DeleteOptions } from './lifecycle/states/delete.ts'
import type { DeletePlan } from './lifecycle/states/delete-plan.ts'
import type { LifeMigrations, LifeParts } from './lifecycle/states/life-parts.ts'
import type { PurgeOptions, PurgeReport } from './lifecycle/states/purge.ts'
import type { RenameOptions } from './lifecycle/states/rename.ts'
import type { Restored, RestoreOptions } from './lifecycle/states/restore.ts'
import type { TenantStep } from './lifecycle/steps/step.ts'
import type { Migrations } from './migrations/run/run.ts'
import type { WorkRooms } from './tenancy-work.ts'
import type { FleetReport, Tenant, TenantRef } from './types.ts'

/** `tenancy.tenants`. `I` is what the schema of the attributes takes, `A` what it returns. */
export interface TenantsApi<A extends object, I extends object> {
  /**
   * Creates a tenant that is complete and active as soon as it can be seen. After an error, and after a kill of this process, nothing is
   * left. When two calls create the same tenant at the same time, one succeeds.
   *
   * With seeds or the hook `onProvision`, the tenant has the status `provisioning` until they have run, and is not served; they are awaited. After
   * PROVISION_FAILED, or a kill while they run, the tenant stays, and `resume` completes it.
   *
   * Costs one transaction on one connection: a query each for the row, the schema and the domains, and the tenant migrations of its
   * kind, or less with a template or a ready schema (the options `migrations.template` and `warm`). Other calls that create the same schema or domain wait until it ends.
   * @example await tenancy.tenants.create({ schema: 'acme', name: 'Acme Inc.', domains: ['acme.example.com'] })
   * @throws TenancyError INVALID_SCHEMA_NAME, INVALID_TENANT_NAME, INVALID_DOMAIN, INVALID_ATTRIBUTES, UNKNOWN_KIND, INVALID_ARGUMENT,
   * INVALID_MIGRATION, INVALID_SEED, UNKNOWN_TEMPLATE, TEMPLATE_UNUSABLE before the database is changed; SCHEMA_EXISTS, DOMAIN_EXISTS, EXTERNAL_ID_EXISTS, MIGRATION_FAILED, and
   * INVALID_MIGRATION for a change of shared objects, after which everything is rolled back; PROVISION_FAILED
   */
  create(input: NewTenant<I>): Promise<Tenant<A>>
  /**
   * Completes a tenant whose creation was interrupted, or whose seed or hook failed: runs the steps that are not done, in their order. Seeds take effect exactly
   * once; a hook that was interrupted is called again. Of two calls at the same time one runs, and the other is refused.
   * @example const tenant = await tenancy.tenants.resume('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_MOVE for a tenant that is complete, TENANT_LOCKED, PROVISION_FAILED, INVALID_SEED
   */
  resume(ref: TenantRef): Promise<Tenant<A>>
  /**
   * The seeds and hooks of a tenant: which are done, which are left, and why one failed. Costs one query.
   * @example const failed = (await tenancy.tenants.steps('acme')).find(({ state }) => state === 'failed')
   * @throws TenancyError UNKNOWN_TENANT
   */
  steps(ref: TenantRef): Promise<TenantStep[]>
  /**
   * The tenant that `ref` names; as `find`, but the tenant must exist.
   * @example const acme = await tenancy.tenants.get('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  get(ref: TenantRef): Promise<Tenant<A>>
  /**
   * The tenant that `ref` names, or undefined. Changes made through this tenancy object are seen at once, those of other processes within
   * milliseconds, behind a pooler within about a second. Costs one query when the answer is not in the cache; concurrent calls share it.
   * @example const tenant = await tenancy.tenants.find({ domain: 'acme.example.com' })
   * @throws TenancyError INVALID_TENANT_REF for what is neither text nor an object with an id, a schema, a domain or an externalId
   */
  find(ref: TenantRef): Promise<Tenant<A> | undefined>
  /**
   * One page of tenants, at most `limit`. The next page starts after the last tenant of this one. Costs one query, and one for a cursor
   * that is not a Tenant; never from the cache.
   * @example
   * const page = await tenancy.tenants.list({ status: 'active', limit: 50 })
   * const next = await tenancy.tenants.list({ status: 'active', limit: 50, cursor: page.at(-1) })
   * @throws TenancyError INVALID_ARGUMENT; UNKNOWN_TENANT for a cursor that names no tenant
   */
  list(options?: TenantListOptions): Promise<Tenant<A>[]>
  /**
   * Every tenant that fits the filter, sorted by schema, in pages of 1000: memory does not grow with the number of tenants. One query for
   * each page. A tenant that is created during the walk may be left out; no tenant comes twice.
   * @example for await (const tenant of tenancy.tenants.each({ kinds: 'enterprise' })) console.log(tenant.schema)
   * @throws TenancyError INVALID_ARGUMENT
   */
  each(filter?: TenantFilter): AsyncGenerator<Tenant<A>, void, undefined>
  /**
   * Changes the name, the external id, the attributes and the expiry of a tenant. The given attributes are merged into the stored ones, and the result is
   * validated. Concurrent updates of one tenant run one after another. Costs one transaction with two queries.
   * @example await tenancy.tenants.update('acme', { attributes: { plan: 'pro' } })
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ATTRIBUTES, INVALID_TENANT_NAME, EXTERNAL_ID_EXISTS, INVALID_ARGUMENT
   */
  update(ref: TenantRef, changes: TenantChanges<A>): Promise<Tenant<A>>
  /**
   * New requests to the tenant get 403, and `run` refuses it. Running requests are not interrupted. Costs one query.
   * @example await tenancy.tenants.suspend('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  suspend(ref: TenantRef): Promise<Tenant<A>>
  /**
   * Ends a suspension or a maintenance. Costs one query.
   * @example await tenancy.tenants.activate('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  activate(ref: TenantRef): Promise<Tenant<A>>
  /**
   * New requests to the tenant get 503 with Retry-After until `activate`, and `run` refuses it. Costs one query.
   * @example await tenancy.tenants.setMaintenance('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  setMaintenance(ref: TenantRef): Promise<Tenant<A>>
  /**
   * Gives the schema of a tenant, or the tenant, another name. The id, the history, the roles and the domains stay. Work that is bound to the old name
   * fails at its next statement (`TENANT_CHANGED`, `SCHEMA_MISSING`), and never meets another tenant that takes the name. Costs one transaction with about ten
   * queries; it waits up to 2 s for a migration of the tenant, and tries five times.
   * @example await tenancy.tenants.rename('acme', { schema: 'acme-inc', name: 'Acme Inc.' })
   * @throws TenancyError UNKNOWN_TENANT, INVALID_SCHEMA_NAME, INVALID_TENANT_NAME, INVALID_TENANT_MOVE, SCHEMA_EXISTS, TENANT_REFERENCED where a function
   * names the schema in its body, TENANT_LOCKED, NOT_PERMITTED
   */
  rename(ref: TenantRef, options: RenameOptions): Promise<Tenant<A>>
  /**
   * Takes a tenant out of service and keeps its data: its schema is renamed to `partywall_archived_<id>`, its name and its domains are free.
   * `restore` brings it back until it is purged. It is not migrated meanwhile. Costs one transaction with about ten queries.
   * @example await tenancy.tenants.archive('acme', { purgeAfterMs: 90 * 86_400_000 })
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_MOVE, INVALID_ARGUMENT, TENANT_LOCKED, NOT_PERMITTED
   */
  archive(ref: TenantRef, options?: ArchiveOptions): Promise<Tenant<A>>
  /**
   * Brings an archived tenant back, under the schema that it had or another one. It is named by its id, or by the schema that it had. Domains come back
   * where they are free. A tenant that has missed migrations stays in maintenance until they are applied: `migrate: true` applies them. Costs one
   * transaction with about twelve queries, and two for the state of its migrations.
   * @example const { tenant, takenDomains, pending } = await tenancy.tenants.restore('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_MOVE, SCHEMA_EXISTS, INVALID_SCHEMA_NAME, INVALID_ARGUMENT, TENANT_LOCKED, NOT_PERMITTED
   */
  restore(ref: TenantRef, options?: RestoreOptions): Promise<Restored<A>>
  /**
   * Deletes a tenant: its tables in batches, its roles, its row. It cannot be undone. `confirm` must be its schema; the hook `beforeDelete` must
   * succeed. When the process is killed, the next call continues. Costs a transaction for every 60 tables.
   * @example await tenancy.tenants.delete('acme', { confirm: 'acme' })
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT, INVALID_TENANT_MOVE, HOOK_FAILED, TENANT_REFERENCED, TENANT_LOCKED, NOT_PERMITTED
   */
  delete(ref: TenantRef, options: DeleteOptions): Promise<Deleted<A>>
  /**
   * What `delete` would do and what stands in its way. Changes nothing. Costs one transaction with a query for each shared table that has a tenant's column.
   * @example const { sharedRows, references } = await tenancy.tenants.deletePlan('acme')
   * @throws TenancyError UNKNOWN_TENANT, NOT_PERMITTED
   */
  deletePlan(ref: TenantRef): Promise<DeletePlan>
  /**
   * Deletes, or archives, the tenants whose `expiresAt` has passed, and deletes archived ones whose `purgeAt` has passed; one after the other. With
   * `dryRun` it says which.
   * @example const { ok, entries } = await tenancy.tenants.purge({ expired: true, archived: true })
   * @throws TenancyError INVALID_ARGUMENT; not for failures of a tenant, which are in the report
   */
  purge(options: PurgeOptions): Promise<PurgeReport>
  /**
   * Makes a tenant as a copy of another one, which stays in use: its structure, its rows, its history. Tables of sessions, tokens and keys stay empty unless
   * `keepSessions`; `mask` replaces values. `{ plan: true }` returns what would be copied, and changes nothing. See docs/clone.md.
   *
   * One transaction that reads one snapshot: after an error, and after a kill, nothing is left. The structure of the source cannot be changed until it ends; its rows can.
   * Costs about twenty round trips, and one for each table or 64 MB of rows.
   * @example await tenancy.tenants.clone('acme', { schema: 'acme-staging', mask: { 'users.email': 'email' } })
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_MOVE, CLONE_REFUSED, CLONE_FAILED, UNSUPPORTED_OBJECT, TENANT_LOCKED, SCHEMA_EXISTS, DOMAIN_EXISTS,
   * SCHEMA_MISSING, HISTORY_MISSING, NOT_PERMITTED; those of `create` about its arguments
   */
  clone(source: TenantRef, input: CloneInput<I> & { readonly plan: true }): Promise<ClonePlan>
  clone(source: TenantRef, input: CloneInput<I>): Promise<Tenant<A>>
  /**
   * Makes a tenant of what exists already, without copying a row. With `tables` or `allBut`, tables of the shared schema move into a new schema, together
   * with the sequences, types, views, functions, triggers, policies and rights that only they use. With `inPlace` a schema becomes a tenant as it is.
   * `{ plan: true }` returns what would be done, and changes nothing. One transaction: after an error, and after a kill, nothing is changed.
   *
   * Moving locks the tables against all other statements for some milliseconds; it waits for statements that use them, at most `lockTimeoutMs` at a time.
   * @example await tenancy.tenants.adopt({ schema: 'ferrari', tables: 'polls_*' })
   * @throws TenancyError ADOPTION_REFUSED, SCHEMA_EXISTS, SCHEMA_MISSING, DOMAIN_EXISTS, NAME_IN_BOTH_SCOPES, NOT_PERMITTED, MIGRATION_FAILED; those of `create` about
   * its arguments
   */
  adopt(input: ToAdopt<I> & { readonly plan: true }): Promise<AdoptPlan>
  adopt(input: ToAdopt<I>): Promise<Tenant<A>>
  /**
   * Adopts many schemas in place: those that fit a pattern, a list, the rows of a query, or the tenants of django-tenants. The report has an entry for each. A
   * schema that is a tenant already is left as it is, so a run that was interrupted is continued by the next one. Costs some queries for all, and one
   * transaction with about six round trips for each.
   * @example await tenancy.tenants.adoptAll({ like: 'tenant_%' })
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_KIND, INVALID_MIGRATION; not for failures of a schema, which are in the report
   */
  adoptAll(input: FleetToAdopt): Promise<FleetReport<AdoptEntry>>
  /**
   * The opposite of `adopt`: the row, the history and the role of a tenant go, and its tables move into the shared schema or another one, or stay where they
   * are (`inPlace`). What is in the shared schema is read by every tenant. One transaction. `{ plan: true }` changes nothing.
   * @example await tenancy.tenants.release('ferrari', { to: 'archive' })
   * @throws TenancyError UNKNOWN_TENANT, ADOPTION_REFUSED where a name is taken, SCHEMA_MISSING, NOT_PERMITTED, ROLE_EXISTS, INVALID_ARGUMENT
   */
  release(ref: TenantRef, options: ReleaseOptions & { readonly plan: true }): Promise<ReleasePlan>
  release(ref: TenantRef, options?: ReleaseOptions): Promise<Tenant<A>>
}

/** Only what is promised: the store has more, for other rooms. What changes the life of a tenant is loaded when it is first called. */
export function tenantsApi<A extends object, I extends object>(
  store: Tenants<A>,
  create: (input: NewTenant<I>) => Promise<Tenant<A>>,
  life: LifeParts<A>,
  forWork: () => Promise<WorkRooms<A>>,
  later: Pick<TenantsApi<A, I>, 'adopt' | 'adoptAll' | 'release' | 'clone'>,
): TenantsApi<A, I> {
  return {
    create,
    resume: async (ref) => (await forWork()).steps.resume(ref),
    steps: async (ref) => (await forWork()).steps.list(ref),
    get: (ref) => store.get(ref),
    find: (ref) => store.find(ref),
    list: (options) => store.list(options),
    each: (filter) => store.each(filter),
    update: (ref, changes) => store.update(ref, changes),
    suspend: (ref) => store.setStatus(ref, 'suspended'),
    activate: (ref) => store.setStatus(ref, 'active'),
    setMaintenance: (ref) => store.setStatus(ref, 'maintenance'),
    async rename(ref, options) {
      const { renameTenant } = await import(/* webpackMode: "eager" */ './lifecycle/states/rename.ts')
      return renameTenant(life, ref, options)
    },
    async archive(ref, options) {
      const { archiveTenant } = await import(/* webpackMode: "eager" */ './lifecycle/states/archive.ts')
      return archiveTenant(life, ref, options)
    },
    async restore(ref, options) {
      const { restoreTenant } = await import(/* webpackMode: "eager" */ './lifecycle/states/restore.ts')
      return restoreTenant(life, ref, options)
    },
    async delete(ref, options) {
      const { deleteTenant } = await import(/* webpackMode: "eager" */ './lifecycle/states/delete.ts')
      return deleteTenant(life, ref, options)
    },
    async deletePlan(ref) {
      const { planOfDelete } = await import(/* webpackMode: "eager" */ './lifecycle/states/delete.ts')
      return planOfDelete(life, ref)
    },
    async purge(options) {
      const { purgeTenants } = await import(/* webpackMode: "eager" */ './lifecycle/states/purge.ts')
      return purgeTenants(life, options)
    },
    ...later,
  }
}

/** For the lifecycle: the migrations of one tenant, whatever its status. */
export function migrationsOfOne(migrations: Migrations<any>): LifeMigrations {
  return {
    async pendingOf({ id }) {
      const [state] = await migrations.status({ tenants: { id } })
      return { pending: state?.pending ?? [], ...(state?.problem !== undefined && { problem: state.problem }) }
    },
    run: ({ id }) => migrations.run({ tenants: { id } }),
  }
}
