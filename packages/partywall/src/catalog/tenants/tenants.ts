/** The register of tenants: finding, listing and changing them. Making one, with its schema, is lifecycle/provision.ts. */
import type { Transaction } from '../../ports/database.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { Options } from '../../config/options.ts'
import type { Attributes, Tenant, TenantRef, TenantStatus } from '../../types.ts'
import { validateAttributes } from './attributes.ts'
import { TenantCache } from './cache.ts'
import type { Catalog } from '../catalog.ts'
import { parseTenantRef, unknownTenant, type TenantKey } from './tenant-ref.ts'
import { toTenant, type TenantRow } from './tenant-row.ts'
import {
  insertTenantSql,
  listTenantsSql,
  lockTenantSql,
  setStatusSql,
  tenantByKeySql,
  updateTenantSql,
  type NewTenantRow,
} from './tenants-sql.ts'

export interface TenantFilter {
  /** Only tenants of this status, or of one of these. */
  readonly status?: TenantStatus | readonly TenantStatus[] | undefined
  /** Only tenants of this kind, or of one of these. */
  readonly kind?: string | readonly string[] | undefined
  /** Only the tenant with this schema, or those with one of these. */
  readonly schema?: string | readonly string[] | undefined
}

export interface TenantChanges<A extends object = Attributes> {
  /** The name for people. */
  readonly name?: string | undefined
  /** Attributes to set; the others stay as they are. One that is undefined is removed, and its default comes back. */
  readonly attributes?: { readonly [K in keyof A]?: A[K] | undefined } | undefined
}

export const tenantStatuses = ['active', 'suspended', 'maintenance', 'archived'] as const satisfies readonly TenantStatus[]

export class Tenants<A extends object = Attributes> {
  readonly #catalog: Catalog
  readonly #attributes: Options['attributes']
  readonly #cache: TenantCache<A>

  constructor(catalog: Catalog, options: Pick<Options, 'attributes' | 'tenantCacheMs'>) {
    this.#catalog = catalog
    this.#attributes = options.attributes
    this.#cache = new TenantCache<A>({ ttlMs: options.tenantCacheMs })
  }

  /**
   * The tenant that `ref` names, or undefined. The answer may be as old as `tenantCacheMs`, except about changes made through
   * this same tenancy. Costs one query when the answer is not in the cache; callers who ask at the same time share it.
   * @example const tenant = await tenancy.tenants.find({ domain: 'acme.example.com' })
   * @throws TenancyError INVALID_TENANT_REF for what is neither text nor an object with an id, a schema or a domain
   */
  async find(ref: TenantRef): Promise<Tenant<A> | undefined> {
    return this.#lookUp(parseTenantRef(ref))
  }

  /**
   * The same, for a tenant that must be there.
   * @example const acme = await tenancy.tenants.get('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  async get(ref: TenantRef): Promise<Tenant<A>> {
    const key = parseTenantRef(ref)
    return known(await this.#lookUp(key), key)
  }

  /** The tenant of this id as the database has it now, past the cache; undefined when it is no more. One query. */
  lookUp(id: string): Promise<Tenant<A> | undefined> {
    return one<A>(this.#catalog, tenantByKeySql(parseTenantRef({ id })))
  }

  /**
   * All tenants that fit the filter, sorted by schema. Costs one query; never from the cache.
   * @example const served = await tenancy.tenants.list({ status: 'active' })
   * @throws TenancyError INVALID_OPTION for a filter that does not exist
   */
  async list(filter: TenantFilter = {}): Promise<Tenant<A>[]> {
    assertKnownKeys('tenants.list', filter, ['status', 'kind', 'schema'])
    for (const status of toList('status', filter.status) ?? []) assertStatus(status)
    const { rows } = await this.#catalog.query<TenantRow>(
      listTenantsSql({
        status: toList('status', filter.status),
        kind: toList('kind', filter.kind),
        schema: toList('schema', filter.schema),
      }),
    )
    return rows.map((row) => toTenant<A>(row))
  }

  /**
   * Changes the name and the attributes of a tenant. The attributes given are put over the stored ones, and the whole is
   * validated. Two updates at once go one after another. Costs one transaction with two queries.
   * @example await tenancy.tenants.update('acme', { attributes: { plan: 'pro' } })
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ATTRIBUTES, INVALID_OPTION
   */
  async update(ref: TenantRef, changes: TenantChanges<A>): Promise<Tenant<A>> {
    const key = parseTenantRef(ref)
    assertKnownKeys('tenants.update', changes, ['name', 'attributes'])
    if (changes.name !== undefined) assertTenantName(changes.name)
    return this.changing(key, async (transaction, tenant) => {
      const attributes =
        changes.attributes === undefined
          ? tenant.attributes
          : await validateAttributes(this.#attributes, merge(tenant.attributes, changes.attributes))
      return known(await one<A>(transaction, updateTenantSql(tenant.id, changes.name ?? tenant.name, attributes)), key)
    })
  }

  /**
   * Sets the status of a tenant. Requests under way are not interrupted. Costs one query.
   * @example await tenancy.tenants.setStatus('acme', 'suspended')
   * @throws TenancyError UNKNOWN_TENANT
   */
  async setStatus(ref: TenantRef, status: TenantStatus): Promise<Tenant<A>> {
    const key = parseTenantRef(ref)
    assertStatus(status)
    if (key.by === 'impossible') throw unknownTenant(key)
    const tenant = known(await one<A>(this.#catalog, setStatusSql(key, status)), key)
    this.#cache.forget(tenant.id)
    return tenant
  }

  /**
   * For the rooms above: runs `change` in a transaction that holds the tenant's row, read fresh, so that changes of one tenant go
   * one after another; afterwards the cache forgets the tenant.
   * @throws TenancyError UNKNOWN_TENANT
   */
  async changing<T>(key: TenantKey, change: (transaction: Transaction, tenant: Tenant<A>) => Promise<T>): Promise<T> {
    if (key.by === 'impossible') throw unknownTenant(key)
    let id: string | undefined
    try {
      return await this.#catalog.transaction(async (transaction) => {
        const tenant = known(await one<A>(transaction, lockTenantSql(key)), key)
        id = tenant.id
        return await change(transaction, tenant)
      })
    } catch (error) {
      throw this.#catalog.explain(error)
    } finally {
      // Also after a failure: a connection that broke during the commit leaves open whether it was done.
      if (id !== undefined) this.#cache.forget(id)
    }
  }

  /** For the lifecycle: the row of a new tenant, inside its transaction; undefined when the schema is taken in the catalog. */
  insert(queryable: Queryable, row: NewTenantRow): Promise<Tenant<A> | undefined> {
    return one<A>(queryable, insertTenantSql(row))
  }

  /** For the lifecycle: whatever was known of this tenant, or of names that had none, is asked anew. */
  forget(tenantId: string): void {
    this.#cache.forget(tenantId)
  }

  async #lookUp(key: TenantKey): Promise<Tenant<A> | undefined> {
    if (key.by === 'impossible') return undefined
    return this.#cache.get(`${key.by} ${key.value}`, () => one<A>(this.#catalog, tenantByKeySql(key)))
  }
}

/**
 * Passes a name for people.
 * @throws TenancyError INVALID_OPTION
 */
export function assertTenantName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name.trim() !== '' && name.length <= 255 && !name.includes('\0') && name.isWellFormed()) return
  throw new TenancyError('INVALID_OPTION', 'The name of a tenant must be text of 1 to 255 characters, without a zero byte.', {
    details: { option: 'name' },
  })
}

async function one<A extends object>(queryable: Queryable, statement: Statement): Promise<Tenant<A> | undefined> {
  const { rows } = await queryable.query<TenantRow & Record<string, unknown>>(statement)
  return rows[0] === undefined ? undefined : toTenant<A>(rows[0])
}

function known<A extends object>(tenant: Tenant<A> | undefined, key: TenantKey): Tenant<A> {
  if (tenant === undefined) throw unknownTenant(key)
  return tenant
}

/** The spread defines properties, so that a key "__proto__" stays a key. */
function merge(stored: object, given: unknown): unknown {
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given)
  return isObject ? { ...stored, ...given } : given
}

function toList(filter: string, value: unknown): string[] | undefined {
  if (value === undefined) return undefined
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.every((item) => typeof item === 'string' && !item.includes('\0'))) return list as string[]
  throw new TenancyError('INVALID_OPTION', `The filter "${filter}" of tenants.list must be text, or a list of texts.`, {
    details: { option: filter },
  })
}

function assertStatus(status: unknown): asserts status is TenantStatus {
  if (tenantStatuses.includes(status as TenantStatus)) return
  throw new TenancyError('INVALID_OPTION', `The status of a tenant must be one of ${tenantStatuses.join(', ')}.`, {
    details: { option: 'status' },
  })
}
