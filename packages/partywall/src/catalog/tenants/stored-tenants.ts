/** Tenants as the database has them now: each call is a query, and nothing is cached. */
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { Attributes, Tenant, TenantRef } from '../../types.ts'
import { fits, namedTenants, type CheckedSelection } from './selection.ts'
import type { Found } from './cache.ts'
import { parseTenantRef, unknownTenant, type PossibleKey, type TenantKey } from './tenant-ref.ts'
import { stateOf, toTenant, type TenantRow } from './tenant-row.ts'
import { TenantStates } from './tenant-states.ts'
import { allTenantsSql, listTenantsSql, tenantByKeySql, tenantByKeysSql, type ListValues } from './tenants-sql.ts'

export class StoredTenants<A extends object = Attributes> {
  readonly #queryable: Queryable
  readonly #states: TenantStates

  /** @param states learn from each row. Of those who share them, all see the newest state of a tenant */
  constructor(queryable: Queryable, states = new TenantStates()) {
    this.#queryable = queryable
    this.#states = states
  }

  /** Undefined when there is none. */
  async find(key: TenantKey): Promise<Tenant<A> | undefined> {
    return key.by === 'impossible' ? undefined : this.one(this.#queryable, tenantByKeySql(key))
  }

  /**
   * The tenant that has the first of these keys that one has, by one query.
   * @param indexes of the keys that are meant, in order
   */
  async first(keys: readonly PossibleKey[], indexes: readonly number[]): Promise<Found<A> | undefined> {
    const { rows } = await this.#queryable.query<TenantRow & { place: string } & Record<string, unknown>>(
      tenantByKeysSql(indexes.map((index) => keys[index]!)),
    )
    const [row] = rows
    return row && { tenant: this.#toTenant(row), index: indexes[Number(row.place)]! }
  }

  /** @throws TenancyError UNKNOWN_TENANT */
  async get(key: TenantKey): Promise<Tenant<A>> {
    return known(await this.find(key), key)
  }

  async page(values: ListValues): Promise<Tenant<A>[]> {
    return this.all(listTenantsSql(values))
  }

  /**
   * The tenants of a selection: those that are named, each once; else all of the given kinds and statuses, sorted by schema. Costs one query for all
   * tenants, or a lookup for each that is named.
   * @param isEntered they will be entered, so the digests of their histories are read, too
   * @param get looks up one that is named
   * @throws TenancyError UNKNOWN_TENANT
   */
  async select(
    { named, kinds, status }: CheckedSelection,
    isEntered = false,
    get: (ref: TenantRef) => Promise<Tenant<A>> = (ref) => this.get(parseTenantRef(ref)),
  ): Promise<Tenant<A>[]> {
    if (named !== undefined) return (await namedTenants(named, get)).filter(fits({ kinds, status }))
    return this.all(allTenantsSql({ kinds, status }, isEntered))
  }

  /** The tenant that a statement returns, also one that changes it. */
  async one(queryable: Queryable, statement: Statement): Promise<Tenant<A> | undefined> {
    const { rows } = await queryable.query<TenantRow & Record<string, unknown>>(statement)
    return rows[0] === undefined ? undefined : this.#toTenant(rows[0])
  }

  /** The tenants that a statement returns. */
  async all(statement: Statement): Promise<Tenant<A>[]> {
    const { rows } = await this.#queryable.query<TenantRow & Record<string, unknown>>(statement)
    return rows.map((row) => this.#toTenant(row))
  }

  #toTenant(row: TenantRow): Tenant<A> {
    return toTenant<A>(row, this.#states.learn(row.id, stateOf(row)))
  }
}

/** @throws TenancyError UNKNOWN_TENANT */
export function known<A extends object>(tenant: Tenant<A> | undefined, key: TenantKey): Tenant<A> {
  if (tenant === undefined) throw unknownTenant(key)
  return tenant
}
