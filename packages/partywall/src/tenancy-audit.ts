/** `tenancy.audit`: what it promises to its users. It is loaded when it is first called: serving requests only writes the audit. */
import type { ActionName } from './catalog/audit/actions.ts'
import type { AuditEntry, EntryOptions, EntryPageOptions } from './catalog/audit/reading.ts'
import { recordAction } from './catalog/audit/record.ts'
import { parseTenantRef } from './catalog/tenants/tenant-ref.ts'
import { TenancyError } from './errors.ts'
import { assertKnownKeys } from './known-keys.ts'
import { seen } from './seen.ts'
import type { Rooms } from './tenancy-rooms.ts'
import type { TenantRef } from './types.ts'

export type { AuditEntry }

export interface AuditFilter extends EntryOptions {
  /** Only entries about this tenant. One that was deleted is named by `{ id }`: its entries stay. @default every tenant, and entries about none */
  readonly tenant?: TenantRef | undefined
}

export interface AuditListOptions extends EntryPageOptions, AuditFilter {}

/** What programs beside this library do to a tenant, such as a console. */
export interface NewAuditEntry {
  readonly action: 'job.retried' | 'job.removed' | 'row.created' | 'row.changed' | 'row.deleted'
  /** Absent for rows of the shared schema only. */
  readonly tenant?: TenantRef | undefined
  /** What was changed, by its name or id: 1 to 1000 bytes. Of a row, its table and its key. */
  readonly object: string
  /** Names and numbers; no values of rows and no secrets. */
  readonly details?: Readonly<Record<string, string | number | boolean>> | undefined
}

/** `tenancy.audit`: who did what. The connections of the deploy role read it: the role of the application may only add entries. */
export interface AuditApi {
  /**
   * One page of the audit, the newest entry first. Costs one query, and one for a tenant that is not named by its id and not in the cache.
   * @example
   * const page = await tenancy.audit.list({ tenant: 'acme', action: 'member', limit: 50 })
   * const next = await tenancy.audit.list({ tenant: 'acme', action: 'member', limit: 50, cursor: page.at(-1) })
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, NOT_PERMITTED
   */
  list(options?: AuditListOptions): Promise<AuditEntry[]>
  /**
   * Every entry that fits, the oldest first, in pages of 1000: for an export. Memory does not grow with the number of entries. One query for each page.
   * @example for await (const entry of tenancy.audit.each({ tenant: 'acme' })) process.stdout.write(`${JSON.stringify(entry)}\n`)
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, NOT_PERMITTED
   */
  each(filter?: AuditFilter): AsyncGenerator<AuditEntry, void, undefined>
  /**
   * Appends an entry about what a console does outside of the catalog. Call it before the change: a change without an entry is worse than an entry without its
   * change. The actor is that of `tenancy.actingAs`. Costs one statement, and one for a tenant that is not named by its id and not in the cache.
   * @example await tenancy.audit.record({ action: 'job.retried', tenant: 'acme', object: 'mails/17' })
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT
   */
  record(entry: NewAuditEntry): Promise<void>
  /**
   * Every action that there is, with what it means in words. No query.
   * @example const { 'tenant.created': words } = await tenancy.audit.actions()
   */
  actions(): Promise<Readonly<Record<ActionName, string>>>
}

const ownActions: readonly string[] = ['job.retried', 'job.removed', 'row.created', 'row.changed', 'row.deleted']
const longestObject = 1000

export function auditApi({ catalog, tenants }: Pick<Rooms<any>, 'catalog' | 'tenants'>): AuditApi {
  const idOf = async (ref: TenantRef | undefined): Promise<string | undefined> => {
    if (ref === undefined) return undefined
    const key = parseTenantRef(ref)
    return key.by === 'id' ? key.value : (await tenants.get(ref)).id
  }
  return Object.freeze({
    async list({ tenant, ...options } = {}) {
      const { listEntries } = await loadReading()
      return listEntries(catalog.deploy, await idOf(tenant), options)
    },
    async *each({ tenant, ...options } = {}) {
      const { eachEntry } = await loadReading()
      yield* eachEntry(catalog.deploy, await idOf(tenant), options)
    },
    actions: async () => (await import(/* webpackMode: "eager" */ './catalog/audit/actions.ts')).actions,
    async record(entry) {
      assertKnownKeys('audit.record', entry, ['action', 'tenant', 'object', 'details'])
      const { action, tenant, object, details } = entry
      if (!ownActions.includes(action)) throw invalid('action', ownActions.join(' or '), action)
      if (typeof object !== 'string' || object === '' || object.includes('\0') || Buffer.byteLength(object) > longestObject)
        throw invalid('object', `text of 1 to ${longestObject} bytes`, object)
      const id = await idOf(tenant)
      if (id === undefined && !action.startsWith('row.')) throw invalid('tenant', 'a reference to a tenant', tenant)
      await recordAction(catalog, { action, ...(id !== undefined && { tenant: { id } }), object, details })
    },
  } satisfies AuditApi)
}

const loadReading = () => import(/* webpackMode: "eager" */ './catalog/audit/reading.ts')

function invalid(option: string, allowed: string, value: unknown): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of audit.record must be ${allowed}; it is ${seen(value)}.`, {
    details: { what: 'audit.record', option },
  })
}
