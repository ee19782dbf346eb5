/**
 * `tenancy.tenants.release`: the way back. The row, the history and the role of a tenant go, and its tables stay in the database: in the shared schema, in
 * another one, or where they are. One transaction.
 */
import { noteFreed } from '../../catalog/tenants/freed-names.ts'
import { parseTenantRef } from '../../catalog/tenants/tenant-ref.ts'
import { boundaryOf } from '../../config/boundary-option.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { lockKey } from '../../migrations/apply/guards.ts'
import { historyOf, historyTable } from '../../migrations/history/history-sql.ts'
import { identifier } from '../../names/identifier.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Tenant, TenantRef } from '../../types.ts'
import { isDuplicate, refusal } from './adopt-errors.ts'
import type { AdoptParts } from './adopt-parts.ts'
import { readFacts, type Facts } from './facts.ts'
import { lockTablesText, lockTimeoutSql, moveText } from './move-sql.ts'
import { lookPatiently, patiently, patienceKeys, patienceOf, type Patience } from './patiently.ts'
import { readReleasePlan, type ReleasePlan } from './release-plan.ts'
import { dropTenantRole, giveReleased } from './release-rights.ts'

export interface ReleaseOptions extends Patience {
  /** The schema into which everything moves. It must exist. @default the shared schema */
  readonly to?: string | undefined
  /** The schema stays as it is, and is no tenant any more. Its history stays, too. @default false */
  readonly inPlace?: boolean | undefined
  /** Release it although the plan has warnings. @default false */
  readonly accept?: boolean | undefined
}

interface Wanted {
  readonly to: string | undefined
  readonly accept: boolean
  readonly lockTimeoutMs: number
}

/** @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT, ADOPTION_REFUSED, NOT_PERMITTED, SCHEMA_MISSING */
export async function release<A extends object>(
  parts: AdoptParts<A>,
  ref: TenantRef,
  options: ReleaseOptions = {},
): Promise<Tenant<A>> {
  const { wanted, retries } = check(parts, options, [])
  const { catalog, tenants } = parts
  const { schema: shown } = await tenants.get(ref)
  const released = await patiently('release', shown, retries, () =>
    tenants.changing(
      parseTenantRef(ref),
      async (transaction, tenant) => {
        await transaction.query(lockTimeoutSql(wanted.lockTimeoutMs))
        await giveUp(parts, transaction, tenant, wanted)
        return tenant
      },
      catalog.deploy,
    ),
  )
  tenants.released(released)
  return released
}

/** `{ plan: true }`: changes nothing. Costs five queries. */
export async function planRelease(parts: AdoptParts<any>, ref: TenantRef, options: ReleaseOptions): Promise<ReleasePlan> {
  const { wanted, retries } = check(parts, options, ['plan'])
  const tenant = await parts.tenants.get(ref)
  const patience = { schema: tenant.schema, lockTimeoutMs: wanted.lockTimeoutMs, retries }
  return lookPatiently(
    'release',
    patience,
    parts.catalog.deploy,
    async (transaction) => (await readReleasePlan(parts, transaction, tenant, wanted)).plan,
  )
}

async function giveUp<A extends object>(
  parts: AdoptParts<A>,
  transaction: Transaction,
  tenant: Tenant<A>,
  wanted: Wanted,
): Promise<void> {
  const { schema } = tenant
  const { to } = wanted
  // A migration of the tenant would go on in a schema that is no tenant.
  for (const one of [schema, ...(to === undefined ? [] : [to])])
    await transaction.query({ text: `select pg_catalog.pg_advisory_xact_lock(${lockKey(one)})` })
  if (to !== undefined) {
    const lock = lockTablesText((await readFacts(transaction, schema)).objects)
    if (lock !== '') await transaction.query({ text: lock })
  }
  const {
    facts,
    plan: { refused, warnings },
  } = await readReleasePlan(parts, transaction, tenant, wanted)
  if (refused.length > 0)
    throw refusal(
      'release',
      schema,
      refused,
      'Change this first, or choose another schema: { to }; or leave it where it is: { inPlace: true }.',
    )
  if (!wanted.accept && warnings.length > 0)
    throw refusal('release', schema, warnings, 'Change this first; or, if you have looked at it, call with { accept: true }.')
  await dropTenantRole(transaction, parts.access, tenant)
  if (to !== undefined) await moveAll(transaction, facts!, schema, to)
  await giveReleased(transaction, parts.access, parts.options, to)
  // What still runs under this name must not meet another tenant that takes it.
  if (boundaryOf(parts.options.boundary, tenant) === 'path') await noteFreed(transaction, schema)
  await parts.tenants.remove(transaction, tenant, { to, inPlace: to === undefined })
}

async function moveAll(transaction: Transaction, { objects }: Facts, schema: string, to: string): Promise<void> {
  const moving = objects.filter(({ name, isRelation }) => !(isRelation && name === historyTable))
  try {
    await transaction.query({
      text: [`drop table if exists ${historyOf(schema)};`, moveText(moving, to), `drop schema ${identifier(schema)};`].join('\n'),
    })
  } catch (error) {
    if (!isDuplicate(error)) throw error
    const sentence = `An object of this name is in the schema ${JSON.stringify(to)} already: ${(error as Error).message}.`
    throw refusal('release', schema, [{ kind: 'name', object: to, sentence }], 'Rename one of them first.')
  }
}

function check(
  { options: { sharedSchema } }: AdoptParts<any>,
  options: ReleaseOptions,
  more: readonly string[],
): { wanted: Wanted; retries: number } {
  assertKnownKeys('tenants.release', options, ['to', 'inPlace', 'accept', ...patienceKeys, ...more])
  const { to = sharedSchema, inPlace = false, accept = false } = options
  if (typeof to !== 'string' || to === '') throw invalid('to', 'must be the name of a schema')
  if (inPlace && options.to !== undefined)
    throw invalid('inPlace', 'leaves the tables where they are, so it cannot be combined with "to"')
  const { lockTimeoutMs, retries } = patienceOf('tenants.release', options)
  return { wanted: { to: inPlace ? undefined : to, accept, lockTimeoutMs }, retries }
}

function invalid(option: string, what: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of tenants.release ${what}.`, { details: { option } })
}
