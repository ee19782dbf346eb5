/**
 * Brings one schema where it should be. All SQL that is pending goes out in one message, with the lock, the check that nobody was
 * faster, and the rows of the history: one round trip and one transaction. A migration in TypeScript stands between two such texts
 * in the same transaction. What wants no transaction runs on a session of its own (apply-outside.ts).
 */
import type { Connections, Transaction } from '../../ports/database.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sql } from '../../sql/sql.ts'
import type { Tenant } from '../../types.ts'
import { applyOutside } from './apply-outside.ts'
import { afterLeg, legsOf, stepOf, type Changes, type Leg } from '../plan/changes.ts'
import { digestOf, type AppliedMigration } from '../history/digest.ts'
import { migrationFailed } from './failure.ts'
import { forNewSchema } from './for-new-schema.ts'
import {
  assertDigestText,
  beginText,
  commentText,
  createHistoryText,
  forgetText,
  recordText,
  type TransactionLimits,
} from '../history/history-sql.ts'
import { MigrationSession } from './migration-session.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { MigrationText } from './text.ts'
import type { Unfinished } from '../history/unfinished.ts'

export interface MigrationTarget {
  readonly schema: string
  /** Absent for the shared schema. */
  readonly tenant?: Tenant<any> | undefined
}

/** How a schema stands when the work begins; the work is refused when it stands otherwise by then. */
export interface Standing {
  readonly hasHistory: boolean
  readonly digest: string | null
  readonly applied: readonly AppliedMigration[]
  /** Taken over from another tool, or declared by a person: to be written down before the rest, without being run. */
  readonly toAdopt?: readonly AppliedMigration[]
  /** A migration outside of transactions that stopped in the middle. */
  readonly unfinished?: Unfinished
}

/**
 * Makes the changes in a schema that is there. A leg that is done stays done when a later one fails.
 * @throws TenancyError MIGRATION_FAILED, SCHEMA_MISSING, NOT_PERMITTED; the errors of lockedMark and movedMark as they are
 */
export async function applyChanges(
  connections: Connections,
  target: MigrationTarget,
  standing: Standing,
  changes: Changes,
  limits: TransactionLimits,
): Promise<void> {
  let now = standing
  const legs = legsOf(changes)
  // Also without changes: a history may have to be written down, or its digest mended.
  if (legs.length === 0) legs.push({ direction: 'up', migrations: [], isTransaction: true })
  for (const leg of legs) {
    if (leg.isTransaction) await applyLeg(connections, target, now, leg, limits)
    else await applyOutside(connections, target, now, leg, limits)
    const applied = afterLeg(adopted(now), leg)
    now = { hasHistory: true, digest: digestOf(applied), applied }
  }
}

/** Fills a schema that the transaction has made: nobody else knows it yet, so nothing is locked or checked. */
export async function applyToNew(
  transaction: Transaction,
  target: MigrationTarget,
  migrations: readonly Migration[],
): Promise<void> {
  const leg: Leg = { direction: 'up', migrations: migrations.map(forNewSchema), isTransaction: true }
  await runLeg(transaction, target, leg, [createHistoryText(target.schema)], recordLeg(target.schema, [], leg))
}

async function applyLeg(
  connections: Connections,
  target: MigrationTarget,
  standing: Standing,
  leg: Leg,
  limits: TransactionLimits,
): Promise<void> {
  const { schema } = target
  const { toAdopt = [], unfinished } = standing
  // Somebody has finished it by hand, and says so.
  const isFinished = toAdopt.some(({ name }) => name === unfinished?.name)
  const before = [
    beginText(schema, limits),
    assertDigestText(schema, standing.digest),
    ...(standing.hasHistory ? [] : [createHistoryText(schema)]),
    ...(unfinished !== undefined && isFinished ? [forgetText(schema, [unfinished.name])] : []),
    ...(toAdopt.length > 0 ? [recordText(schema, standing.applied.length + 1, toAdopt)] : []),
  ]
  const after = recordLeg(schema, adopted(standing), leg)
  if (leg.migrations.every((migration) => stepOf(migration, leg.direction).kind === 'sql')) {
    const whole = new MigrationText(before, leg.migrations, leg.direction, after)
    await explained(target, whole, connections.send(schema, whole.text, whole.foreign))
  } else {
    await connections.transaction((transaction) => runLeg(transaction, target, leg, before, after))
  }
}

/** SQL in one text as far as it goes; TypeScript between. */
async function runLeg(
  transaction: Transaction,
  target: MigrationTarget,
  { migrations, direction }: Leg,
  before: readonly string[],
  after: readonly string[],
): Promise<void> {
  const bound = transaction.in(target.schema)
  const send = async (first: readonly string[], files: readonly Migration[], last: readonly string[]): Promise<void> => {
    const text = new MigrationText(first, files, direction, last)
    if (text.text !== '') await explained(target, text, bound.query({ text: text.text }))
  }
  let opening = before
  let files: Migration[] = []
  for (const migration of migrations) {
    const step = stepOf(migration, direction)
    if (step.kind === 'sql') {
      files.push(migration)
      continue
    }
    await send(opening, files, [])
    opening = []
    files = []
    try {
      await MigrationSession.use(bound, async (client) => step.run({ client, tenant: target.tenant, sql }))
    } catch (error) {
      throw migrationFailed(target.schema, { migration }, error)
    }
  }
  await send(opening, files, after)
}

async function explained(target: MigrationTarget, text: MigrationText, work: Promise<unknown>): Promise<void> {
  const { schema } = target
  try {
    await work
  } catch (error) {
    const place = text.placeOf(error)
    if (place !== undefined) throw migrationFailed(schema, place, error)
    const name = JSON.stringify(schema)
    throw explainPrivilege(
      error,
      `migrate the schema ${name}`,
      `Migrate as the owner of the schema, or run: grant create on schema ${name} to …;`,
    )
  }
}

/** The rows of the history as the leg leaves them, and its digest. */
function recordLeg(schema: string, applied: readonly AppliedMigration[], leg: Leg): string[] {
  const { migrations, direction } = leg
  const rows =
    migrations.length === 0
      ? []
      : [direction === 'up' ? recordText(schema, applied.length + 1, migrations) : forgetText(schema, migrations.map(nameOf))]
  return [...rows, commentText(schema, digestOf(afterLeg(applied, leg)))]
}

function adopted({ applied, toAdopt = [] }: Standing): readonly AppliedMigration[] {
  return [...applied, ...toAdopt]
}

function nameOf({ name }: Migration): string {
  return name
}
