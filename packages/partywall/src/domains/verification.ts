/**
 * A customer proves that a domain is its own by a TXT record, and keeps it: the record is looked for again from time to time, because a domain that was given up is
 * the next owner's. Where DNS does not answer, nothing is known, and nothing changes.
 */
import type { Claims } from '../catalog/domains/claims.ts'
import { TenancyError } from '../errors.ts'
import { inParallel } from '../fleet/workers.ts'
import type { Attributes, DomainClaim, TenantRef } from '../types.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { assertWholeNumber } from '../whole-number.ts'
import { txtLookup, type Looked } from './txt-lookup.ts'

export interface RecheckOptions {
  /** How long the record of a domain may be missing before the domain is revoked, in milliseconds. 0 or more. @default 259_200_000, three days */
  readonly graceMs?: number | undefined
  /** How many questions to DNS at a time. 1 to 100. @default 8 */
  readonly concurrency?: number | undefined
  /** Asks no further questions when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

export interface RecheckedDomain {
  readonly domain: string
  readonly tenantId: string
  /** - verified: the record is there; missing: it is not, within the grace; revoked: it was missing too long; unknown: DNS did not answer */
  readonly state: 'verified' | 'missing' | 'revoked' | 'unknown'
}

export interface RecheckReport {
  /** True when every record was found. */
  readonly ok: boolean
  readonly domains: readonly RecheckedDomain[]
}

const threeDaysMs = 3 * 86_400_000

/** tenancy.domains.verify */
export async function verifyDomain<A extends object = Attributes>(
  claims: Claims<A>,
  servers: readonly string[] | undefined,
  ref: TenantRef,
  domain: string,
): Promise<DomainClaim> {
  const claim = await claims.get(ref, domain)
  const looked = await txtLookup(servers)(claim)
  if (looked === 'found') return claims.proven(claim)
  if (claim.isVerified && looked !== 'no answer') await claims.noted(claim, false)
  throw notVerified(claim, looked)
}

/** tenancy.domains.recheck */
export async function recheckDomains<A extends object = Attributes>(
  claims: Claims<A>,
  servers: readonly string[] | undefined,
  options: RecheckOptions,
): Promise<RecheckReport> {
  assertKnownKeys('domains.recheck', options, ['graceMs', 'concurrency', 'signal'])
  const { graceMs = threeDaysMs, concurrency = 8, signal } = options
  assertWholeNumber('INVALID_ARGUMENT', '"graceMs" of domains.recheck', 'graceMs', graceMs, { least: 0 })
  assertWholeNumber('INVALID_ARGUMENT', '"concurrency" of domains.recheck', 'concurrency', concurrency, { least: 1, most: 100 })
  const look = txtLookup(servers)
  const checked: RecheckedDomain[] = []
  const check = async (claim: DomainClaim): Promise<void> => {
    if (signal?.aborted === true) return
    const state = await stateAfter(claims, claim, await look(claim), graceMs)
    checked.push({ domain: claim.domain, tenantId: claim.tenantId, state })
  }
  await inParallel(await all(claims.eachProven()), concurrency, check)
  const domains = checked.toSorted((a, b) => (a.domain < b.domain ? -1 : 1))
  return { ok: domains.every(({ state }) => state === 'verified'), domains }
}

async function stateAfter<A extends object>(
  claims: Claims<A>,
  claim: DomainClaim,
  looked: Looked,
  graceMs: number,
): Promise<RecheckedDomain['state']> {
  if (looked === 'no answer') return 'unknown'
  const { missingSince } = await claims.noted(claim, looked === 'found')
  if (missingSince === undefined) return 'verified'
  if (Date.now() - missingSince.getTime() < graceMs) return 'missing'
  await claims.revoked(claim)
  return 'revoked'
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

function notVerified({ domain, record }: DomainClaim, looked: Exclude<Looked, 'found'>): TenancyError {
  const problem = {
    none: 'DNS has no such record',
    others: 'DNS has records of this name, and none of them has this value',
    'no answer': 'DNS did not answer',
  }[looked]
  return new TenancyError(
    'DOMAIN_NOT_VERIFIED',
    `${JSON.stringify(domain)} is not proven: ${problem}. Set the TXT record ${record.name} to ${record.value}, and try again; ` +
      'a new record may take some hours until every name server has it.',
    { details: { domain, record: { name: record.name, value: record.value }, seen: looked } },
  )
}
