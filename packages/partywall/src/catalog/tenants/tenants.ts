/** The register of tenants: find, list and change them. A tenant with its schema is created by lifecycle/provision.ts. */
import type { Database, Transaction } from '../../ports/database.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { ActionName } from '../audit/actions.ts'
import type { Details } from '../audit/details.ts'
import { recorded } from '../audit/record.ts'
import type { Events, LifeEvents, TenancyEvents, TenantDiffers } from '../../events.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { Observation } from '../../observation.ts'
import type { Options } from '../../config/options.ts'
import type { Attributes, Tenant, TenantRef } from '../../types.ts'
import { validateAttributes } from './attributes.ts'
import { insertAdoptedSql, removeTenantSql, type AdoptedRow } from './adopt-sql.ts'
import { changedNames } from './changed-names.ts'
import type { Watch, WatchOptions } from '../../ports/watch.ts'
import { parseAnnouncement, type Announcement } from './announcements.ts'
import { TenantCache, type Found } from './cache.ts'
import { changesChannel, changesSinceSql } from './changes-sql.ts'
import type { Catalog } from '../catalog.ts'
import { parseTenantRef, unknownTenant, type PossibleKey, type TenantKey } from './tenant-ref.ts'
import { assertExpiry } from './expiry.ts'
import { assertExternalId, orExternalIdExists } from './external-id.ts'
import { merge, type TenantChanges } from './tenant-changes.ts'
import { invalidMove, moves } from './moves.ts'
import { assertServedStatus, statusMoves, type ServedStatus } from './served-status.ts'
import type { CheckedSelection } from './selection.ts'
import { known, StoredTenants } from './stored-tenants.ts'
import { filterKeys, filterValues, listValues, type TenantFilter, type TenantListOptions } from './tenant-list.ts'
import { identityOf, type TenantState } from '../../tenant-identity.ts'
import { assertTenantName } from './tenant-name.ts'
import { isTenant } from './tenant-row.ts'
import { TenantStates } from './tenant-states.ts'
import {
  countTenantsSql,
  insertTenantSql,
  lockTenantSql,
  setStatusSql,
  tenantByKeySql,
  tenantsAfterIdSql,
  updateTenantSql,
  type NewTenantRow,
} from './tenants-sql.ts'

/** What an entry of the audit names: the tenant itself, by its schema. */
const ownSchema = { tenantId: 'id', object: 'schema' }

/** Called with the id of a tenant, and whether it is gone; undefined: the settings of any tenant may have changed. */
export type OnSettings = (tenantId: string | undefined, isDeleted: boolean) => void

export class Tenants<A extends object = Attributes> {
  readonly #catalog: Catalog
  readonly #attributes: Options['attributes']
  readonly #cache: TenantCache<A>
  readonly #events: Events<A>
  readonly #states = new TenantStates()
  readonly #stored: StoredTenants<A>
  readonly #onInactive: (tenantId: string) => void
  readonly #watching: Watch | undefined
  #onMembers: (tenantId: string | undefined) => void = () => {}
  #onSettings: OnSettings = () => {}

  /**
   * @param watch opens the watch for changes of other processes; absent: answers are cached for `tenantCacheMs` only
   * @param onInactive a tenant is not active any more, or gone
   * @param observation hears of each lookup
   */
  constructor(
    catalog: Catalog,
    options: Pick<Options, 'attributes' | 'tenantCacheMs'>,
    events: Events<A>,
    watch?: (options: WatchOptions) => Watch,
    onInactive: (tenantId: string) => void = () => {},
    observation?: Observation,
  ) {
    this.#catalog = catalog
    this.#stored = new StoredTenants<A>(catalog, this.#states)
    this.#events = events
    this.#onInactive = onInactive
    this.#attributes = options.attributes
    this.#watching = options.tenantCacheMs === 0 ? undefined : watch?.(this.#watchOptions())
    this.#cache = new TenantCache<A>({
      ttlMs: options.tenantCacheMs,
      period: () => this.period(),
      onLookUp: observation && ((isCached) => observation.lookedUp(isCached)),
    })
  }

  /** Names the period in which this process sees every change of the catalog; undefined while it does not. Each use keeps the watch going. */
  period(): object | undefined {
    return this.#watching?.period()
  }

  /** @param listener gets the id of a tenant whose members have changed, in any process; undefined: those of any tenant may have */
  onMembers(listener: (tenantId: string | undefined) => void): void {
    this.#onMembers = listener
  }

  /** @param listener is told of a tenant whose settings have changed, in any process; see OnSettings */
  onSettings(listener: OnSettings): void {
    this.#onSettings = listener
  }

  /** tenancy.tenants.find */
  async find(ref: TenantRef): Promise<Tenant<A> | undefined> {
    return this.#lookUp(parseTenantRef(ref))
  }

  /** The tenant that has the first of these names that one has, and that name. Costs one lookup for all of them, mostly from the cache. */
  async findFirst(refs: readonly TenantRef[]): Promise<{ tenant: Tenant<A>; ref: TenantRef } | undefined> {
    const keys: PossibleKey[] = []
    for (const ref of refs) {
      const key = parseTenantRef(ref)
      if (key.by === 'impossible') continue
      // The usual case, without the rest.
      const cached = keys.length === 0 ? this.#cache.peek(nameOf(key)) : undefined
      if (cached !== undefined) return { tenant: cached, ref }
      keys.push(key)
    }
    const found = await this.#cache.first(keys.map(nameOf), (indexes) => this.#askFirst(keys, indexes))
    return found && { tenant: found.tenant, ref: { [keys[found.index]!.by]: keys[found.index]!.value } as unknown as TenantRef }
  }

  /** tenancy.tenants.get */
  async get(ref: TenantRef): Promise<Tenant<A>> {
    const key = parseTenantRef(ref)
    return known(await this.#lookUp(key), key)
  }

  /** The tenant with this id, without the cache; undefined when it was deleted. One query. */
  lookUp(id: string): Promise<Tenant<A> | undefined> {
    return this.#ask(parseTenantRef({ id }))
  }

  /** The newest state of the tenant that this process has seen, which may be newer than the object. Costs no query. */
  newestOf(tenant: Tenant<A>): TenantState {
    const { newest } = identityOf(tenant)!
    const seen = this.#states.find(tenant.id)
    // The object may be of another tenancy of this process, which has states of its own.
    return seen !== undefined && (seen.isDeleted || seen.revision > newest.revision) ? seen : newest
  }

  /** tenancy.tenants.list */
  async list(options: TenantListOptions = {}): Promise<Tenant<A>[]> {
    const values = listValues(options)
    const { cursor } = options
    const after = cursor === undefined || isTenant(cursor) ? cursor : await this.#stored.get(parseTenantRef(cursor))
    return this.#stored.page({ ...values, after })
  }

  /** tenancy.tenants.each */
  async *each(filter: TenantFilter = {}): AsyncGenerator<Tenant<A>, void, undefined> {
    assertKnownKeys('tenants.each', filter, filterKeys)
    const values = { ...filterValues('tenants.each', filter), limit: 1000, orderBy: 'schema', isDescending: false } as const
    for (let after: Tenant<A> | undefined; ;) {
      const page = await this.#stored.page({ ...values, after })
      yield* page
      if (page.length < values.limit) return
      after = page.at(-1)
    }
  }

  /** For fleet work: see StoredTenants. A tenant that is named may come from the cache. */
  select(selection: CheckedSelection, isEntered = false): Promise<Tenant<A>[]> {
    return this.#stored.select(selection, isEntered, (ref) => this.get(ref))
  }

  /** For fleet work on more tenants than fit into memory: pages in the order of the ids, so that a tenant that is renamed meanwhile has one turn. */
  async *pages({ named, kinds, status }: CheckedSelection): AsyncGenerator<Tenant<A>, void, undefined> {
    if (named !== undefined) return yield* await this.select({ named, kinds, status })
    for (let after: string | undefined; ;) {
      const page = await this.#stored.all(tenantsAfterIdSql({ kinds, status }, after, pageSize))
      yield* page
      if (page.length < pageSize) return
      after = page.at(-1)!.id
    }
  }

  /** How many tenants a selection means now. One query, or a lookup for each that is named. */
  async count({ named, kinds, status }: CheckedSelection): Promise<number> {
    if (named !== undefined) return (await this.select({ named, kinds, status })).length
    const { rows } = await this.#catalog.query<{ tenants: string }>(countTenantsSql({ kinds, status }))
    return Number(rows[0]!.tenants)
  }

  /** tenancy.tenants.update */
  async update(ref: TenantRef, changes: TenantChanges<A>): Promise<Tenant<A>> {
    const key = parseTenantRef(ref)
    assertKnownKeys('tenants.update', changes, ['name', 'externalId', 'attributes', 'expiresAt'])
    assertExpiry('tenants.update', changes.expiresAt)
    assertExternalId('tenants.update', changes.externalId)
    if (changes.name !== undefined) assertTenantName(changes.name)
    const updated = await this.changing(key, async (transaction, tenant) => {
      const attributes =
        changes.attributes === undefined
          ? tenant.attributes
          : await validateAttributes(this.#attributes, merge(tenant.attributes, changes.attributes))
      if (tenant.status === 'deleting') throw invalidMove(tenant, 'delete')
      const { name = tenant.name, expiresAt = tenant.expiresAt ?? null, externalId = tenant.externalId ?? null } = changes
      const after = { name, attributes, expiresAt: expiresAt ?? undefined, externalId: externalId ?? undefined }
      const details = { changed: changedNames(tenant, after) }
      const update = updateTenantSql(tenant.id, { name, attributes, expiresAt, externalId })
      const statement = recorded(update, ownSchema, { action: 'tenant.updated', details })
      return known(await orExternalIdExists(externalId, this.#stored.one(transaction, statement)), key)
    })
    this.#events.emit('tenant.updated', { tenant: updated })
    return updated
  }

  /**
   * Sets the status of a tenant. Running requests are not interrupted. Costs one query, or two when the tenant has this status already,
   * and then there is no event.
   * @example await tenancy.tenants.suspend('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF, INVALID_TENANT_MOVE
   */
  async setStatus(ref: TenantRef, status: ServedStatus): Promise<Tenant<A>> {
    const key = parseTenantRef(ref)
    assertServedStatus(status)
    if (key.by === 'impossible') throw unknownTenant(key)
    const { move, action } = statusMoves[status]
    const statement = recorded(setStatusSql(key, moves[move].from, status), ownSchema, { action })
    const changed = await this.#stored.one(this.#catalog, statement)
    const tenant = changed ?? (await this.#stored.get(key))
    // Also when another process has set the status already: this one may have the tenant cached with the status before.
    this.#cache.forget(tenant.id)
    if (changed === undefined && tenant.status !== status) throw invalidMove(tenant, move)
    if (status !== 'active') this.#onInactive(tenant.id)
    if (changed !== undefined) this.#events.emit(action, { tenant })
    return tenant
  }

  /**
   * For the rooms above: runs `change` in a transaction that locks the tenant's row and reads it, so that changes of one tenant run
   * one after another. Afterwards the tenant is dropped from the cache.
   * @param database whose connections are used, e.g. those of the deploy role
   * @throws TenancyError UNKNOWN_TENANT
   */
  async changing<T>(
    key: TenantKey,
    change: (transaction: Transaction, tenant: Tenant<A>) => Promise<T>,
    database: Pick<Database, 'transaction'> = this.#catalog,
  ): Promise<T> {
    if (key.by === 'impossible') throw unknownTenant(key)
    let id: string | undefined
    try {
      return await database.transaction(async (transaction) => {
        const tenant = known(await this.#stored.one(transaction, lockTenantSql(key)), key)
        id = tenant.id
        return await change(transaction, tenant)
      })
    } catch (error) {
      throw this.#catalog.explain(error)
    } finally {
      // Also after a failure: when the connection broke during the commit, it is unknown whether it was done.
      if (id !== undefined) this.#cache.forget(id)
    }
  }

  /**
   * For the lifecycle: inserts the row of a new tenant, inside its transaction; undefined when another tenant has the schema.
   * @param domains what it is created with, for the audit
   * @param clonedFrom the schema of the tenant that it is a copy of, for the audit
   */
  insert(
    queryable: Queryable,
    row: NewTenantRow,
    domains: readonly string[],
    clonedFrom?: string,
  ): Promise<Tenant<A> | undefined> {
    const details = { kind: row.kind, domains, ...(clonedFrom !== undefined && { clonedFrom }) }
    const statement = recorded(insertTenantSql(row), ownSchema, { action: 'tenant.created', details })
    return orExternalIdExists(row.externalId, this.#stored.one(queryable, statement))
  }

  /** For the lifecycle: the tenant as its transaction sees it at its end. `insert` came before the schema, so its result does not know it. */
  async complete(queryable: Queryable, { id }: Tenant<A>): Promise<Tenant<A>> {
    const key: TenantKey = { by: 'id', value: id }
    return known(await this.#stored.one(queryable, tenantByKeySql(key)), key)
  }

  /** For the lifecycle: the tenant was created and its transaction committed. Cached answers for its names are dropped. */
  created(tenant: Tenant<A>): void {
    this.#cache.forget(tenant.id)
    this.#events.emit('tenant.created', { tenant })
  }

  /** For adoption: as `insert`, for a schema that other programs have filled. */
  insertAdopted(queryable: Queryable, row: AdoptedRow, details: Details): Promise<Tenant<A> | undefined> {
    const statement = recorded(insertAdoptedSql(row), ownSchema, { action: 'tenant.adopted', details })
    return orExternalIdExists(row.externalId, this.#stored.one(queryable, statement))
  }

  /** For adoption: its transaction is committed. */
  adopted(tenant: Tenant<A>, differences: readonly string[]): void {
    this.#cache.forget(tenant.id)
    this.#events.emit('tenant.adopted', { tenant, differences })
  }

  /** For a release: removes the row, inside the transaction that locks it. */
  async remove(queryable: Queryable, tenant: Tenant<A>, details: Details): Promise<void> {
    await queryable.query(recorded(removeTenantSql(tenant.id), ownSchema, { action: 'tenant.released', details }))
  }

  /** For a release: its transaction is committed. */
  released(tenant: Tenant<A>): void {
    this.#states.noteDeleted(tenant.id)
    this.#cache.forget(tenant.id)
    this.#onInactive(tenant.id)
    this.#onSettings(tenant.id, true)
    this.#events.emit('tenant.released', { tenant })
  }

  /** For the lifecycle: the row of the tenant was changed. */
  forget(tenantId: string): void {
    this.#cache.forget(tenantId)
  }

  /** For the lifecycle: the tenant that a statement of life-sql.ts returns, recorded; undefined when its state does not permit the move. */
  move(queryable: Queryable, change: Statement, action: ActionName, details: Details): Promise<Tenant<A> | undefined> {
    return this.#stored.one(queryable, recorded(change, ownSchema, { action, details }))
  }

  /** For the lifecycle: the tenants that a statement reads; no cache. */
  read(statement: Statement): Promise<Tenant<A>[]> {
    return this.#stored.all(statement)
  }

  /** For the lifecycle: the tenant is not served any more, without an event. */
  left({ id }: Tenant<A>): void {
    this.#cache.forget(id)
    this.#onInactive(id)
  }

  /** For the lifecycle: the tenant was moved and the transaction committed. */
  moved<E extends keyof LifeEvents<A>>(event: E, payload: LifeEvents<A>[E]): void {
    const { tenant } = payload
    this.#cache.forget(tenant.id)
    if (event === 'tenant.deleted') {
      this.#states.noteDeleted(tenant.id)
      this.#onSettings(tenant.id, true)
    }
    if (event === 'tenant.deleted' || tenant.status !== 'active') this.#onInactive(tenant.id)
    this.#events.emit(event, payload as TenancyEvents<A>[E])
  }

  /** For the lifecycle: migrations have run in this process, so the digests of histories are read again. */
  migrated(): void {
    this.#states.forgetDigests()
    this.#cache.forgetAll()
  }

  /** For the lifecycle: the new tenant has another structure than one with the same migrations. */
  differs(found: TenantDiffers<A>): void {
    const { tenant, like, differences } = found
    process.emitWarning(
      `The new tenant "${tenant.schema}" differs from "${like}", which has the same migrations: ${differences.join(', ')}. A migration may decide ` +
        'by what other schemas hold; or one of the two was changed by hand. See docs/errors.md#PARTYWALL_TENANT_DIFFERS',
      { code: 'PARTYWALL_TENANT_DIFFERS' },
    )
    this.#events.emit('tenant.differs', found)
  }

  async #lookUp(key: TenantKey): Promise<Tenant<A> | undefined> {
    if (key.by === 'impossible') return undefined
    return this.#cache.get(nameOf(key), () => this.#ask(key))
  }

  #watchOptions(): WatchOptions {
    return {
      channel: changesChannel,
      ready: () => this.#catalog.ready(),
      changesSince: changesSinceSql,
      onChange: (text) => this.#note(parseAnnouncement(text)),
      onWatching: (mode, isAgain) => {
        if (isAgain) this.#forgetAll()
        this.#events.emit('lookups.watching', { mode })
      },
      onLost: (mode, reason) => void this.#events.emit('lookups.degraded', { mode, reason }),
    }
  }

  #note(announcement: Announcement): void {
    switch (announcement.kind) {
      case 'tenant':
        this.#states.note(announcement.id, announcement.state)
        if (announcement.state.status !== 'active') this.#onInactive(announcement.id)
        return this.#cache.forget(announcement.id, announcement.state.revision)
      case 'deleted':
        this.#states.noteDeleted(announcement.id)
        this.#onInactive(announcement.id)
        this.#onMembers(announcement.id)
        this.#onSettings(announcement.id, true)
        return this.#cache.forget(announcement.id)
      case 'domain':
        return this.#cache.forget(announcement.id)
      case 'members':
        return this.#onMembers(announcement.id)
      case 'settings':
        return this.#onSettings(announcement.id, false)
      case 'all':
        return this.#forgetAll()
    }
  }

  /** A transaction was rolled back in which tenants were changed: forgets what was seen in it, and looks again. One query for each tenant that is in use. */
  async lookAgain(): Promise<void> {
    const ids = this.#states.forgetRevisions()
    this.#forgetAll()
    for (const id of ids) await this.lookUp(id)
  }

  #forgetAll(): void {
    this.#cache.forgetAll()
    this.#onMembers(undefined)
    this.#onSettings(undefined, false)
  }

  async #askFirst(keys: readonly PossibleKey[], indexes: readonly number[]): Promise<Found<A> | undefined> {
    const [only] = indexes
    if (indexes.length > 1) return this.#stored.first(keys, indexes)
    const tenant = await this.#ask(keys[only!]!)
    return tenant && { tenant, index: only! }
  }

  async #ask(key: TenantKey): Promise<Tenant<A> | undefined> {
    const tenant = await this.#stored.find(key)
    if (tenant === undefined && key.by === 'id') this.#states.noteDeleted(key.value)
    return tenant
  }
}

const pageSize = 1000

/** Under which the cache knows it. */
function nameOf({ by, value }: PossibleKey): string {
  return `${by} ${value}`
}
