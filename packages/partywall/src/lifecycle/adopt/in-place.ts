/**
 * A schema that exists becomes a tenant as it is, whatever program made it: the row, the history and the rights are added in one transaction, and no table is
 * touched. Where the caller does not say which migrations it has, its structure is compared with what they give.
 */
import { readDigests } from '../../migrations/history/history.ts'
import { digestOf, type AppliedMigration } from '../../migrations/history/digest.ts'
import { provisioningLock } from '../../migrations/plan/targets.ts'
import type { Transaction } from '../../ports/database.ts'
import { sharedTransactionLockSql } from '../../sql/schema-sql.ts'
import { TenancyError } from '../../errors.ts'
import type { Domain, Tenant } from '../../types.ts'
import { assertAcceptable } from './acceptable.ts'
import type { AdoptPlan, CheckedAdoption } from './adopt-input.ts'
import type { AdoptParts } from './adopt-parts.ts'
import { baselineOf, recordBaseline, recordedAndPending, type KindFiles } from './baseline.ts'
import { inBothScopes, namesInBoth } from './both-scopes.ts'
import { Expected } from './expected.ts'
import { schemaMissing } from './facts.ts'
import { lockTimeoutSql } from './move-sql.ts'
import { patiently } from './patiently.ts'
import { register } from './register.ts'
import { giveAdopted } from './rights.ts'

/** What is known of a schema before it is adopted. */
export interface Examined {
  /** It has a history already, which is kept: a restored dump, or a copy of a tenant. */
  readonly hasHistory: boolean
  readonly applied: readonly AppliedMigration[]
  /** It was compared, and is what its migrations give. */
  readonly isEqual: boolean
  readonly warnings: AdoptPlan['warnings']
}

export async function planInPlace(parts: AdoptParts<any>, wanted: CheckedAdoption, files: KindFiles): Promise<AdoptPlan> {
  const { hasHistory, applied, warnings } = await examine(parts, wanted, files, new Expected(parts, files))
  return {
    schema: wanted.schema,
    from: wanted.schema,
    moves: [],
    kept: [],
    staying: [],
    ...(hasHistory ? { recorded: [], pending: [] } : recordedAndPending(files, applied)),
    refused: [],
    warnings,
  }
}

export async function adoptInPlace<A extends object>(
  parts: AdoptParts<A>,
  wanted: CheckedAdoption,
  files: KindFiles,
): Promise<Tenant<A>> {
  const { deploy } = parts.catalog
  const adopted = await patiently('adopt', wanted.schema, wanted.retries, async () => {
    const examined = await examine(parts, wanted, files, new Expected(parts, files))
    assertAcceptable(wanted, { refused: [], warnings: examined.warnings })
    return deploy.transaction((transaction) => takeIn(parts, transaction, wanted, examined))
  })
  return announce(parts, adopted)
}

/** One schema: two queries, and two more where it is compared. @throws TenancyError SCHEMA_MISSING, NAME_IN_BOTH_SCOPES */
async function examine(parts: AdoptParts<any>, wanted: CheckedAdoption, files: KindFiles, expected: Expected): Promise<Examined> {
  const { schema } = wanted
  const { deploy } = parts.catalog
  const stored = (await readDigests(deploy, [schema])).get(schema)
  if (stored === undefined) throw schemaMissing(schema)
  const inBoth = (await namesInBoth(deploy, parts.options, [schema])).get(schema)
  if (inBoth !== undefined) throw inBothScopes(schema, inBoth)
  if (stored.hasHistory) {
    assertNoBaseline(schema, files)
    return { hasHistory: true, applied: [], isEqual: false, warnings: [] }
  }
  const applied = await baselineOf(deploy, schema, files)
  if (!isCompared(files)) return { hasHistory: false, applied, isEqual: false, warnings: [] }
  const warnings = await expected.findings(deploy, schema, applied)
  return { hasHistory: false, applied, isEqual: warnings.length === 0, warnings }
}

/** Where the caller says what is applied, or there are no migrations, there is nothing to compare with. */
export function isCompared({ isNamed, all }: KindFiles): boolean {
  return !isNamed && all.length > 0
}

/** @throws TenancyError INVALID_ARGUMENT: a history is never rewritten */
export function assertNoBaseline(schema: string, { isNamed }: KindFiles): void {
  if (!isNamed) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `"at" of tenants.adopt is for schemas without a history, and ${JSON.stringify(schema)} has one (its table partywall_migrations), which is kept. Leave ` +
      '"at" out.',
    { details: { option: 'at' } },
  )
}

export interface Adopted<A extends object> {
  readonly tenant: Tenant<A>
  readonly domains: readonly Domain[]
  readonly differences: readonly string[]
  readonly onCommit: () => void
}

/** The work of the transaction. About six round trips under the boundary `path`. */
export async function takeIn<A extends object>(
  parts: AdoptParts<A>,
  transaction: Transaction,
  wanted: Pick<CheckedAdoption, 'schema' | 'name' | 'kind' | 'domains' | 'attributes' | 'lockTimeoutMs'>,
  examined: Examined,
): Promise<Adopted<A>> {
  const { schema, lockTimeoutMs } = wanted
  await transaction.query(lockTimeoutSql(lockTimeoutMs))
  await transaction.query(sharedTransactionLockSql(provisioningLock))
  const { tenant: row, domains } = await register(parts, transaction, wanted, { inPlace: true })
  if (!examined.hasHistory) await recordBaseline(transaction, schema, examined.applied)
  await giveAdopted(transaction, parts.access, parts.options, row, { lockTimeoutMs, isMoved: false })
  const onCommit = examined.isEqual ? await parts.relations.recordNew(transaction, wanted, digestOf(examined.applied)) : () => {}
  return {
    tenant: await parts.tenants.complete(transaction, row),
    domains,
    differences: examined.warnings.map(({ sentence }) => sentence),
    onCommit,
  }
}

/** After the commit. */
export function announce<A extends object>(parts: Pick<AdoptParts<A>, 'tenants' | 'domains'>, adopted: Adopted<A>): Tenant<A> {
  adopted.onCommit()
  parts.tenants.adopted(adopted.tenant, adopted.differences)
  parts.domains.added(adopted.domains)
  return adopted.tenant
}
