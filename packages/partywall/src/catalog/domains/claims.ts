/**
 * Domains that a tenant claims and proves. A claim leads nowhere: only a domain that is proven, or that an operator added, is among the domains of a tenant.
 * Several tenants may claim one domain, because a claim costs nothing; the first that proves it gets it.
 */
import { randomBytes } from 'node:crypto'
import { TenancyError } from '../../errors.ts'
import { parseDomain } from '../../names/domain-name.ts'
import type { Attributes, DomainClaim, TenantRef } from '../../types.ts'
import type { ActionName } from '../audit/actions.ts'
import { recorded } from '../audit/record.ts'
import type { Catalog } from '../catalog.ts'
import type { Statement } from '../../sql/statement.ts'
import { parseTenantRef } from '../tenants/tenant-ref.ts'
import type { Tenants } from '../tenants/tenants.ts'
import { claimOfSql, claimSql, claimsOfTenantSql, notedLookSql, provenClaimsSql, releaseSql } from './claims-sql.ts'
import { unknownDomain, type Domains } from './domains.ts'

/** Each claim is a row that a stranger may cause. */
const mostClaims = 100

export class Claims<A extends object = Attributes> {
  readonly #catalog: Catalog
  readonly #tenants: Tenants<A>
  readonly #domains: Domains<A>

  constructor(catalog: Catalog, tenants: Tenants<A>, domains: Domains<A>) {
    this.#catalog = catalog
    this.#tenants = tenants
    this.#domains = domains
  }

  /** @param problemOf why the name cannot be claimed: half a sentence */
  async claim(ref: TenantRef, text: string, problemOf: (domain: string) => Promise<string | undefined>): Promise<DomainClaim> {
    const domain = parseDomain(text)
    const problem = await problemOf(domain)
    if (problem !== undefined) throw notClaimable(domain, problem)
    return this.#tenants.changing(parseTenantRef(ref), async (transaction, tenant) => {
      const insert = claimSql(tenant.id, domain, randomBytes(32).toString('base64url'), mostClaims)
      const inserted = await transaction.query<ClaimRow>(recordedAs('domain.claimed', insert))
      // The token of an earlier claim stays, so that a record that was set stays right.
      const row = inserted.rows[0] ?? (await transaction.query<ClaimRow>(claimOfSql(tenant.id, domain))).rows[0]
      if (row === undefined)
        throw notClaimable(domain, `the tenant has ${mostClaims} claims already; give up those that are of no use`)
      return toClaim(row)
    })
  }

  async list(ref: TenantRef): Promise<DomainClaim[]> {
    const { id } = await this.#tenants.get(ref)
    const { rows } = await this.#catalog.query<ClaimRow>(claimsOfTenantSql(id))
    return rows.map(toClaim)
  }

  /** @throws TenancyError UNKNOWN_DOMAIN */
  async get(ref: TenantRef, text: string): Promise<DomainClaim> {
    const domain = parseDomain(text)
    const tenant = await this.#tenants.get(ref)
    const { rows } = await this.#catalog.query<ClaimRow>(claimOfSql(tenant.id, domain))
    if (rows[0] === undefined) throw unknownDomain(domain, tenant.schema)
    return toClaim(rows[0])
  }

  /** The domain is proven: it is added to the tenant, unless it is there. @throws TenancyError DOMAIN_EXISTS when another tenant has it */
  async proven({ tenantId, domain, isVerified }: DomainClaim): Promise<DomainClaim> {
    if (!isVerified) await this.#domains.addProven({ id: tenantId }, domain)
    return this.noted({ tenantId, domain }, true)
  }

  /** What a look at DNS has shown. */
  async noted({ tenantId, domain }: Pick<DomainClaim, 'tenantId' | 'domain'>, found: boolean): Promise<DomainClaim> {
    const { rows } = await this.#catalog.query<ClaimRow>(notedLookSql(tenantId, domain, found))
    return toClaim(rows[0] ?? gone(domain))
  }

  /** The record was missing too long: the domain leaves the tenant, and the claim stays, unproven. */
  async revoked({ tenantId, domain }: DomainClaim): Promise<void> {
    await this.#domains.revoke({ id: tenantId }, domain)
  }

  async release(ref: TenantRef, text: string): Promise<void> {
    const domain = parseDomain(text)
    await this.#tenants.changing(parseTenantRef(ref), async (transaction, tenant) => {
      const { rows } = await transaction.query<ClaimRow>(recordedAs('domain.released', releaseSql(tenant.id, domain)))
      if (rows.length === 0) throw unknownDomain(domain, tenant.schema)
    })
  }

  /** Every claim that is proven, in pages. */
  async *eachProven(): AsyncGenerator<DomainClaim, void, undefined> {
    for (let after: string | undefined; ;) {
      const { rows } = await this.#catalog.query<ClaimRow>(provenClaimsSql(pageSize, after))
      for (const row of rows) yield toClaim(row)
      if (rows.length < pageSize) return
      after = rows.at(-1)!.domain
    }
  }
}

const pageSize = 500

interface ClaimRow extends Record<string, unknown> {
  readonly domain: string
  readonly tenant_id: string
  readonly token: string
  readonly created_at: string
  readonly checked_at: string | null
  readonly missing_since: string | null
  readonly is_verified: string
}

/** The statement, which also appends an entry to the audit. */
function recordedAs(action: ActionName, change: Statement): Statement {
  return recorded(change, { tenantId: 'tenant_id', object: 'domain' }, { action })
}

function toClaim(row: ClaimRow): DomainClaim {
  return Object.freeze({
    domain: row.domain,
    tenantId: row.tenant_id,
    isVerified: row.is_verified === 'true',
    record: Object.freeze({ name: `_partywall.${row.domain}`, type: 'TXT', value: `partywall-verification=${row.token}` }),
    createdAt: new Date(Number(row.created_at)),
    ...(row.checked_at !== null && { checkedAt: new Date(Number(row.checked_at)) }),
    ...(row.missing_since !== null && { missingSince: new Date(Number(row.missing_since)) }),
  })
}

function notClaimable(domain: string, reason: string): TenancyError {
  return new TenancyError(
    'DOMAIN_NOT_CLAIMABLE',
    `${JSON.stringify(domain)} cannot be claimed: ${reason}. A customer claims a host name of its own, such as app.customer.com.`,
    { details: { domain, reason } },
  )
}

function gone(domain: string): never {
  throw new TenancyError('UNKNOWN_DOMAIN', `The claim of ${JSON.stringify(domain)} was given up meanwhile.`, {
    details: { domain, schema: '' },
  })
}
