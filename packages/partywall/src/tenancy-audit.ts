/** `tenancy.audit`: what it promises to its users. It is loaded when it is first called: serving requests only writes the audit. */
import type { AuditEntry, EntryOptions, EntryPageOptions } from './catalog/audit/reading.ts'
import { parseTenantRef } from './catalog/tenants/tenant-ref.ts'
import type { Rooms } from './tenancy-rooms.ts'
import type { TenantRef } from './types.ts'

export type { AuditEntry }

export interface AuditFilter extends EntryOptions {
  /** Only entries about this tenant. One that was deleted is named by `{ id }`: its entries stay. @default every tenant, and entries about none */
  readonly tenant?: TenantRef | undefined
}

export interface AuditListOptions extends EntryPageOptions, AuditFilter {}

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
}

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
  } satisfies AuditApi)
}

const loadReading = () => import(/* webpackMode: "eager" */ './catalog/audit/reading.ts')
