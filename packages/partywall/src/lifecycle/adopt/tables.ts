/**
 * Chosen tables become a tenant: they move into a new schema, with what only they use, in the transaction that makes the tenant. Other sessions see all of it
 * or nothing, and a crash leaves nothing behind. PostgreSQL moves a table by changing its row in the catalog, so it takes no longer for a large one; but it
 * waits for statements that use the table.
 */
import { createSchemaSql, sharedTransactionLockSql } from '../../sql/schema-sql.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Queryable } from '../../sql/statement.ts'
import { digestOf, type AppliedMigration } from '../../migrations/history/digest.ts'
import { lockKey } from '../../migrations/apply/guards.ts'
import { provisioningLock } from '../../migrations/plan/targets.ts'
import { readBlueprint } from '../../blueprint/read-blueprint.ts'
import type { Tenant } from '../../types.ts'
import { readJson } from '../../sql/json-rows.ts'
import { assertAcceptable } from './acceptable.ts'
import type { AdoptPlan, CheckedAdoption, ChosenTables, PlannedMove } from './adopt-input.ts'
import { adviceOnWarnings, isDuplicate, refusal, schemaExists } from './adopt-errors.ts'
import type { AdoptParts } from './adopt-parts.ts'
import { baselineOf, recordBaseline, recordedAndPending, type KindFiles } from './baseline.ts'
import { inBothScopes, namesInBoth } from './both-scopes.ts'
import { chosen } from './chosen.ts'
import { Expected } from './expected.ts'
import { readFacts, type DbObject } from './facts.ts'
import type { AdoptFinding } from './finding.ts'
import { countSql, lockTablesText, lockTimeoutSql, moveText } from './move-sql.ts'
import { movingSet, type MovingSet } from './moving-set.ts'
import { assertNoTenant } from './no-tenant.ts'
import { lookOnce, lookPatiently, patiently, PlanChanged } from './patiently.ts'
import { register } from './register.ts'
import { giveAdopted } from './rights.ts'

type Wanted = CheckedAdoption & ChosenTables

/** Costs three queries, and one for the rows of small tables. */
export async function planTables(parts: AdoptParts<any>, wanted: Wanted, files: KindFiles): Promise<AdoptPlan> {
  const { set, applied, moves } = await lookPatiently('adopt', wanted, parts.catalog.deploy, async (transaction) => {
    const found = await setOf(transaction, wanted)
    return {
      set: found,
      applied: await baselineBefore(transaction, wanted, files, found),
      moves: await withRows(transaction, found.moving),
    }
  })
  return {
    schema: wanted.schema,
    from: wanted.from,
    moves,
    kept: set.kept,
    staying: set.staying,
    ...recordedAndPending(files, applied),
    refused: set.refused,
    warnings: set.warnings,
  }
}

export async function adoptTables<A extends object>(parts: AdoptParts<A>, wanted: Wanted, files: KindFiles): Promise<Tenant<A>> {
  const expected = new Expected(parts, files)
  const { tenant, domains, differences, onCommit } = await patiently('adopt', wanted.schema, wanted.retries, async () => {
    const { set, applied } = await lookOnce(parts.catalog.deploy, wanted.lockTimeoutMs, async (transaction) => {
      const found = await setOf(transaction, wanted)
      assertAcceptable(wanted, found)
      return { set: found, applied: await baselineBefore(transaction, wanted, files, found) }
    })
    // Before the tables are locked, and on no second connection meanwhile: it runs the migrations.
    const blueprint = await expected.blueprint(applied)
    const compare = async (queryable: Queryable) => expected.compare(await readBlueprint(queryable, wanted.schema), blueprint)
    return parts.catalog.deploy.transaction((transaction) => move(parts, transaction, wanted, set, applied, compare))
  })
  onCommit()
  parts.tenants.adopted(tenant, differences)
  parts.domains.added(domains)
  return tenant
}

async function move<A extends object>(
  parts: AdoptParts<A>,
  transaction: Transaction,
  wanted: Wanted,
  planned: MovingSet,
  applied: readonly AppliedMigration[],
  compare: (queryable: Queryable) => Promise<AdoptFinding[]>,
) {
  const { schema, from, lockTimeoutMs } = wanted
  await transaction.query(lockTimeoutSql(lockTimeoutMs))
  await transaction.query(sharedTransactionLockSql(provisioningLock))
  // A migration of the schema that they leave would look for them.
  await transaction.query({ text: `select pg_catalog.pg_advisory_xact_lock(${lockKey(from)})` })
  const { tenant: row, domains } = await register(parts, transaction, wanted, {
    from,
    tables: planned.moving.filter(({ isTable }) => isTable).length,
  })
  await makeSchema(transaction, schema)
  const lock = lockTablesText(planned.moving)
  if (lock !== '') await transaction.query({ text: lock })
  const set = await setOf(transaction, wanted)
  if (namesOf(set) !== namesOf(planned)) throw new PlanChanged()
  assertAcceptable(wanted, set)
  await transaction.query({ text: moveText(set.moving, schema) })
  await recordBaseline(transaction, schema, applied)
  const found = await compare(transaction)
  const missing = found.filter(({ kind }) => kind === 'missing')
  if (missing.length > 0 && !wanted.accept)
    throw refusal(
      'adopt',
      schema,
      missing,
      `The migrations that would count as applied create what was not chosen. ${adviceOnWarnings}`,
    )
  await giveAdopted(transaction, parts.access, parts.options, row, { lockTimeoutMs, isMoved: true })
  const inBoth = (await namesInBoth(transaction, parts.options, [schema])).get(schema)
  if (inBoth !== undefined) throw inBothScopes(schema, inBoth)
  const onCommit = found.length === 0 ? await parts.relations.recordNew(transaction, wanted, digestOf(applied)) : () => {}
  return {
    tenant: await parts.tenants.complete(transaction, row),
    domains,
    differences: found.map(({ sentence }) => sentence),
    onCommit,
  }
}

async function setOf(queryable: Queryable, { from, dependents, tables, allBut }: Wanted): Promise<MovingSet> {
  await assertNoTenant(queryable, from, 'from', 'tenants.adopt')
  const facts = await readFacts(queryable, from)
  return movingSet(facts, chosen(from, facts.objects, { tables, allBut }), dependents)
}

/** The history that another tool has kept counts when its table is among those that move, or is in a place of its own. */
async function baselineBefore(
  queryable: Queryable,
  { from }: Wanted,
  files: KindFiles,
  { moving }: MovingSet,
): Promise<readonly AppliedMigration[]> {
  const { imported } = files.source
  const comesAlong =
    imported !== undefined &&
    (imported.schema !== undefined || moving.some(({ isTable, name }) => isTable && name === imported.table))
  return comesAlong ? baselineOf(queryable, from, files) : files.upTo
}

async function makeSchema(transaction: Queryable, schema: string): Promise<void> {
  try {
    await transaction.query(createSchemaSql(schema))
  } catch (error) {
    throw isDuplicate(error) ? schemaExists(schema, error) : error
  }
}

function namesOf({ moving }: MovingSet): string {
  return JSON.stringify(moving.map(({ id, identity }) => [id, identity]))
}

const countedBytes = 16 * 1024 * 1024

async function withRows(queryable: Queryable, moving: readonly DbObject[]): Promise<PlannedMove[]> {
  const unknown = moving.filter(
    ({ rows, bytes, kind, mayMove }) => rows === null && kind === 'table' && mayMove && (bytes ?? 0) < countedBytes,
  )
  const counted = unknown.length === 0 ? [] : await readJson<{ id: string; rows: number }>(queryable, countSql(unknown))
  const rowsOf = new Map(counted.map(({ id, rows }) => [id, rows]))
  return moving.map(({ id, kind, name, rows, bytes }) => ({ kind, name, rows: rows ?? rowsOf.get(id) ?? null, bytes }))
}
