/**
 * The host names that lead to tenants. A tenant with domains has exactly one that is primary: every change locks the tenant's row, so
 * that changes run one after another, and a unique index holds the rule for other writers, too.
 */
import type { Queryable, Statement } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'
import type { Events } from '../../events.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { Attributes, Domain, TenantRef } from '../../types.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import type { ActionName } from '../audit/actions.ts'
import type { Details } from '../audit/details.ts'
import { recorded } from '../audit/record.ts'
import type { Catalog } from '../catalog.ts'
import { parseDomain } from '../../names/domain-name.ts'
import {
  deleteDomainSql,
  deleteDomainsSql,
  demoteSql,
  domainPageSql,
  insertDomainsSql,
  listDomainsSql,
  promoteSql,
} from './domains-sql.ts'
import { parseTenantRef } from '../tenants/tenant-ref.ts'
import type { Tenants } from '../tenants/tenants.ts'

export class Domains<A extends object = Attributes> {
  readonly #catalog: Catalog
  readonly #tenants: Tenants<A>
  readonly #events: Events<A>

  constructor(catalog: Catalog, tenants: Tenants<A>, events: Events<A>) {
    this.#catalog = catalog
    this.#tenants = tenants
    this.#events = events
  }

  /** tenancy.domains.add */
  async add(ref: TenantRef, domain: string, options: { readonly primary?: boolean | undefined } = {}): Promise<Domain> {
    assertKnownKeys('domains.add', options, ['primary'])
    const name = parseDomain(domain)
    const { added, takesOver } = await this.#tenants.changing(parseTenantRef(ref), async (transaction, tenant) => {
      const isFirst = (await listed(transaction, tenant.id)).length === 0
      const isPrimary = isFirst || options.primary === true
      const insert = recordedAs('domain.added', insertDomainsSql(tenant.id, [name]), { primary: isPrimary })
      const [inserted] = await insertDomains(transaction, [name], insert)
      return {
        added: isPrimary ? await promote(transaction, tenant.id, promoteSql(tenant.id, name)) : inserted!,
        takesOver: isPrimary && !isFirst,
      }
    })
    this.added([added])
    if (takesOver) this.#events.emit('domain.primary', { domain: added })
    return added
  }

  /** For claims: adds a domain that the tenant has proven. @throws TenancyError DOMAIN_EXISTS when another tenant has it */
  async addProven(ref: TenantRef, name: string): Promise<void> {
    const added = await this.#tenants.changing(parseTenantRef(ref), async (transaction, tenant) => {
      const all = await listed(transaction, tenant.id)
      if (all.some(({ domain }) => domain === name)) return undefined
      const isPrimary = all.length === 0
      const insert = recordedAs('domain.verified', insertDomainsSql(tenant.id, [name]), { primary: isPrimary })
      const [inserted] = await insertDomains(transaction, [name], insert)
      return isPrimary ? promote(transaction, tenant.id, promoteSql(tenant.id, name)) : inserted!
    })
    if (added !== undefined) this.added([added])
  }

  /** For claims: removes a domain whose record is gone, also the primary one; another one of the tenant becomes primary then. */
  async revoke(ref: TenantRef, name: string): Promise<void> {
    const { gone, heir } = await this.#tenants.changing(parseTenantRef(ref), async (transaction, tenant) => {
      const all = await listed(transaction, tenant.id)
      const removed = all.find(({ domain }) => domain === name)
      if (removed === undefined) return { gone: undefined, heir: undefined }
      await transaction.query(recordedAs('domain.revoked', deleteDomainSql(tenant.id, name)))
      const next = removed.isPrimary ? all.find(({ domain }) => domain !== name) : undefined
      if (next === undefined) return { gone: removed, heir: undefined }
      const statement = recordedAs('domain.primary', promoteSql(tenant.id, next.domain))
      return { gone: removed, heir: await promote(transaction, tenant.id, statement) }
    })
    if (gone !== undefined) this.removed([gone])
    if (heir !== undefined) this.#events.emit('domain.primary', { domain: heir })
  }

  /** tenancy.domains.remove */
  async remove(ref: TenantRef, domain: string): Promise<void> {
    const name = parseDomain(domain)
    const gone = await this.#tenants.changing(parseTenantRef(ref), async (transaction, tenant) => {
      const all = await listed(transaction, tenant.id)
      const removed = all.find((one) => one.domain === name)
      if (removed === undefined) throw unknownDomain(name, tenant.schema)
      if (removed.isPrimary && all.length > 1) throw primaryMustStay(name, tenant.schema, all)
      await transaction.query(recordedAs('domain.removed', deleteDomainSql(tenant.id, name)))
      return removed
    })
    this.#events.emit('domain.removed', { domain: gone })
  }

  /** tenancy.domains.setPrimary */
  async setPrimary(ref: TenantRef, domain: string): Promise<Domain> {
    const name = parseDomain(domain)
    const { domain: primary, isNew } = await this.#tenants.changing(parseTenantRef(ref), async (transaction, tenant) => {
      const all = await listed(transaction, tenant.id)
      const wanted = all.find((one) => one.domain === name)
      if (wanted === undefined) throw unknownDomain(name, tenant.schema)
      if (wanted.isPrimary) return { domain: wanted, isNew: false }
      return {
        domain: await promote(transaction, tenant.id, recordedAs('domain.primary', promoteSql(tenant.id, name))),
        isNew: true,
      }
    })
    if (isNew) this.#events.emit('domain.primary', { domain: primary })
    return primary
  }

  /** tenancy.domains.list */
  async list(ref?: TenantRef, options: DomainListOptions = {}): Promise<Domain[]> {
    assertKnownKeys('domains.list', options, ['limit', 'cursor'])
    const { limit = 100, cursor } = options
    assertWholeNumber('INVALID_ARGUMENT', '"limit" of domains.list', 'limit', limit, { least: 1, most: 1000 })
    if (ref !== undefined) {
      if (Object.keys(options).length === 0) return listed(this.#catalog, (await this.#tenants.get(ref)).id)
      throw new TenancyError(
        'INVALID_ARGUMENT',
        '"limit" and "cursor" of domains.list are for the list of all tenants. Leave them out: the list of one tenant is always whole.',
        { details: { option: 'limit' } },
      )
    }
    return this.#page(limit, cursor === undefined ? undefined : parseDomain(nameOf(cursor)))
  }

  /** tenancy.domains.each */
  async *each(): AsyncGenerator<Domain, void, undefined> {
    for (let after: string | undefined; ;) {
      const page = await this.#page(pageSize, after)
      yield* page
      if (page.length < pageSize) return
      after = page.at(-1)!.domain
    }
  }

  async #page(limit: number, after: string | undefined): Promise<Domain[]> {
    const { rows } = await this.#catalog.query<DomainRow>(domainPageSql(limit, after))
    return rows.map(toDomain)
  }

  /** For the lifecycle: the domains of a new tenant, inside its transaction; the first one is primary. */
  async insert(queryable: Queryable, tenantId: string, domains: readonly string[]): Promise<Domain[]> {
    if (domains.length === 0) return []
    const inserted = await insertDomains(queryable, domains, insertDomainsSql(tenantId, domains))
    const primary = await promote(queryable, tenantId, promoteSql(tenantId, domains[0]!))
    return [primary, ...inserted.filter(({ domain }) => domain !== primary.domain)]
  }

  /** For the lifecycle: frees the domains of a tenant that leaves, inside its transaction; the primary one first. */
  async free(queryable: Queryable, tenantId: string): Promise<Domain[]> {
    const { rows } = await queryable.query<DomainRow>(recordedAs('domain.removed', deleteDomainsSql(tenantId)))
    return rows.map(toDomain).toSorted((a, b) => Number(b.isPrimary) - Number(a.isPrimary) || (a.domain < b.domain ? -1 : 1))
  }

  /** For the lifecycle: gives a tenant those of the domains that are free, inside its transaction. The first of all that it then has is primary. */
  async bringBack(queryable: Queryable, tenantId: string, domains: readonly string[]): Promise<Domain[]> {
    const insert = recordedAs('domain.added', insertDomainsSql(tenantId, domains))
    const free = (await queryable.query<DomainRow>(insert)).rows.map(({ domain }) => domain)
    const all = await listed(queryable, tenantId)
    const first = domains.find((domain) => free.includes(domain))
    if (first !== undefined && !all.some(({ isPrimary }) => isPrimary))
      await promote(queryable, tenantId, promoteSql(tenantId, first))
    return listed(queryable, tenantId)
  }

  /** For the lifecycle: these domains were freed and their transaction committed. */
  removed(domains: readonly Domain[]): void {
    for (const domain of domains) this.#events.emit('domain.removed', { domain })
  }

  /** For the lifecycle: these domains were stored and their transaction committed. */
  added(domains: readonly Domain[]): void {
    for (const domain of domains) this.#events.emit('domain.added', { domain })
  }
}

const pageSize = 1000

/** What a cursor names: the domain itself, or its name. */
function nameOf(cursor: unknown): unknown {
  return typeof cursor === 'object' && cursor !== null ? (cursor as Partial<Domain>).domain : cursor
}

export interface DomainListOptions {
  /** Most domains in one list of all tenants; the list of one tenant is always whole. 1 to 1000. @default 100 */
  readonly limit?: number | undefined
  /** The last domain of the page before: the list continues after it. Absent: from the start. */
  readonly cursor?: Domain | string | undefined
}

interface DomainRow extends Record<string, unknown> {
  readonly domain: string
  readonly tenant_id: string
  readonly is_primary: string
  readonly created_at: string
}

/** The statement, which also appends an entry to the audit. */
function recordedAs(action: ActionName, change: Statement, details: Details = {}): Statement {
  return recorded(change, { tenantId: 'tenant_id', object: 'domain' }, { action, details })
}

async function listed(queryable: Queryable, tenantId: string): Promise<Domain[]> {
  const { rows } = await queryable.query<DomainRow>(listDomainsSql(tenantId))
  return rows.map(toDomain)
}

async function insertDomains(queryable: Queryable, domains: readonly string[], insert: Statement): Promise<Domain[]> {
  const { rows } = await queryable.query<DomainRow>(insert)
  const taken = domains.filter((domain) => !rows.some((row) => row.domain === domain))
  if (taken.length > 0) throw domainExists(taken)
  return rows.map(toDomain)
}

async function promote(queryable: Queryable, tenantId: string, statement: Statement): Promise<Domain> {
  await queryable.query(demoteSql(tenantId))
  const { rows } = await queryable.query<DomainRow>(statement)
  return toDomain(rows[0]!)
}

function toDomain(row: DomainRow): Domain {
  return Object.freeze({
    domain: row.domain,
    tenantId: row.tenant_id,
    isPrimary: row.is_primary === 'true',
    createdAt: new Date(Number(row.created_at)),
  })
}

/** Names the domain, but not the tenant that has it: the message may reach a stranger. */
function domainExists(taken: readonly string[]): TenancyError {
  const names = taken.map((domain) => JSON.stringify(domain)).join(', ')
  return new TenancyError(
    'DOMAIN_EXISTS',
    `${taken.length === 1 ? `The domain ${names} belongs` : `The domains ${names} belong`} to a tenant already. ` +
      'A domain leads to one tenant: remove it from the other tenant with tenancy.domains.remove first, or choose another domain.',
    { details: { domains: taken } },
  )
}

export function unknownDomain(domain: string, schema: string): TenancyError {
  return new TenancyError(
    'UNKNOWN_DOMAIN',
    `The tenant ${JSON.stringify(schema)} has no domain ${JSON.stringify(domain)}. tenancy.domains.list shows the domains that it has.`,
    { details: { domain, schema } },
  )
}

function primaryMustStay(domain: string, schema: string, all: readonly Domain[]): TenancyError {
  const other = all.find((one) => !one.isPrimary)!.domain
  return new TenancyError(
    'PRIMARY_DOMAIN',
    `${JSON.stringify(domain)} is the primary domain of the tenant ${JSON.stringify(schema)} and cannot be removed while the tenant has others. ` +
      `Make another one primary first: tenancy.domains.setPrimary(${JSON.stringify(schema)}, ${JSON.stringify(other)}).`,
    { details: { domain, schema } },
  )
}
