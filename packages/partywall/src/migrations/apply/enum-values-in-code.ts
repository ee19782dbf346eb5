/**
 * Values that migrations in code add to enums, for a new tenant, which is made in one transaction. What code sends is not known before it runs. So
 * it runs; when PostgreSQL refuses the use of a value that was added, what was done is undone, and the migrations run again with the values
 * where their type is created. The next tenant of the same migrations gets them there at once.
 */
import type { QueryResult } from 'pg'
import { BoundedMap } from '../../bounded-map.ts'
import type { Migration, MigrationClient, Step } from '../../ports/migration-source.ts'
import type { Transaction } from '../../ports/database.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Statement } from '../../sql/statement.ts'
import { digestOf } from '../history/digest.ts'
import type { Grammar } from '../statements/grammar.ts'
import { foldEnumValuesInTexts } from './fold-enum-values.ts'

type Folded = ReadonlyMap<string, string>

/** By the digest of the migrations. */
const learned = new BoundedMap<string, Folded>(100)

/** @param run does all of these migrations in the transaction */
export async function foldingInCode(
  transaction: Transaction,
  migrations: readonly Migration[],
  grammar: Grammar,
  run: (migrations: readonly Migration[]) => Promise<void>,
): Promise<void> {
  if (migrations.every(({ up }) => up.kind === 'sql')) return run(migrations)
  const key = digestOf(migrations)
  let folded: Folded = learned.get(key) ?? new Map()
  let refusal: unknown
  await transaction.query({ text: 'savepoint partywall_enums' })
  for (;;) {
    const sent = new SentTexts(folded)
    const failure = await failureOf(() => run(migrations.map((migration) => sent.watch(migration))))
    if (failure === undefined && sent.hasAll) return
    const next = failure === undefined ? new Map<string, string>() : foldEnumValuesInTexts(sent.texts, grammar)
    if (failure !== undefined && (sqlStateOf(failure.error) !== unsafeUse || isSame(next, folded))) throw failure.error
    // The code has sent something else than before: a value whose addition did not come must not stay in its type.
    if (failure === undefined && refusal !== undefined) throw refusal
    refusal ??= failure?.error
    await transaction.query({ text: 'rollback to savepoint partywall_enums' })
    folded = next
    learned.set(key, folded)
  }
}

/** What code sends about types, and what goes to the server instead. */
class SentTexts {
  readonly texts: string[] = []
  readonly #folded: Folded

  constructor(folded: Folded) {
    this.#folded = folded
  }

  get hasAll(): boolean {
    return [...this.#folded.keys()].every((text) => this.texts.includes(text))
  }

  watch(migration: Migration): Migration {
    const { up } = migration
    return up.kind === 'sql' ? migration : { ...migration, up: this.#watched(up) }
  }

  #watched(step: Extract<Step, { kind: 'code' }>): Step {
    return { kind: 'code', run: (context) => step.run({ ...context, client: this.#clientOver(context.client) }) }
  }

  #clientOver(client: MigrationClient): MigrationClient {
    return {
      query: (given: string | Statement, values?: readonly unknown[]): Promise<QueryResult<any>> => {
        const text = typeof given === 'string' ? given : given.text
        if (!aboutTypes.test(text)) return client.query(given as string, values)
        this.texts.push(text)
        const instead = this.#folded.get(text) ?? text
        if (instead.trim() === '') return Promise.resolve(nothing())
        return typeof given === 'string' ? client.query(instead, values) : client.query({ ...given, text: instead })
      },
    }
  }
}

async function failureOf(run: () => Promise<void>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    return { error }
  }
}

function isSame(a: Folded, b: Folded): boolean {
  return a.size === b.size && [...a].every(([text, instead]) => b.get(text) === instead)
}

const aboutTypes = /\b(?:create|alter|drop)\s+type\b/i
const unsafeUse = '55P04'

function nothing(): QueryResult<any> {
  return { command: 'ALTER', rowCount: null, oid: 0, rows: [], fields: [] }
}
