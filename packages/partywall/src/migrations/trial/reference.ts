/**
 * The reference: what the migrations make without partywall, in the schema `public` of a plain database. SQL is sent statement by
 * statement, each file in a transaction, or as psql sends it where that fails; nothing of it is reviewed. Code runs as its tool runs it.
 */
import type { QueryResult } from 'pg'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Migration, MigrationClient } from '../../ports/migration-source.ts'
import type { PlainConnection } from '../../ports/plain-connection.ts'
import { splitStatements, type SqlStatement } from '../../sql/lexer.ts'
import { sql } from '../../sql/sql.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Tenant } from '../../types.ts'
import type { Grammar } from '../statements/grammar.ts'
import { lineOf, type SqlStep } from '../shape/step-statements.ts'
import { extensionsSql } from './scratch-sql.ts'
import { serverWide } from './server-wide.ts'
import type { TrialFinding, TrialPlace } from './trial-report.ts'

export interface Reference {
  readonly durationMs: number
  /** Statements that were left out, because they would have changed more than the database. */
  readonly skipped: readonly TrialPlace[]
  /** The first statement that failed. What comes after it did not run. */
  readonly failure?: TrialFinding
}

/** @param onMigrated is awaited behind each migration, also behind the one that failed */
export async function makeReference(
  connection: PlainConnection,
  grammar: Grammar,
  migrations: readonly Migration[],
  onMigrated: () => Promise<void> = async () => {},
): Promise<Reference> {
  const started = performance.now()
  const skipped: TrialPlace[] = []
  const end = (): number => performance.now() - started
  for (const migration of migrations) {
    const run = new ReferenceRun(connection, grammar, migration, skipped)
    const failure = await run.failure()
    await onMigrated()
    if (failure !== undefined) return { durationMs: end(), skipped, failure }
  }
  return { durationMs: end(), skipped }
}

class ReferenceRun {
  readonly #connection: PlainConnection
  readonly #grammar: Grammar
  readonly #migration: Migration
  readonly #skipped: TrialPlace[]

  constructor(connection: PlainConnection, grammar: Grammar, migration: Migration, skipped: TrialPlace[]) {
    this.#connection = connection
    this.#grammar = grammar
    this.#migration = migration
    this.#skipped = skipped
  }

  async failure(): Promise<TrialFinding | undefined> {
    const { up } = this.#migration
    try {
      return up.kind === 'sql' ? await this.#sqlFailure(up) : await this.#codeFailure(up.run)
    } finally {
      // As at the end of a session: a transaction that is still open is lost, and settings with it.
      await this.#send('rollback')
      await this.#send('discard all')
    }
  }

  /** Some tools send a file in a transaction, and psql does not: it works when it does so in one of the two ways. */
  async #sqlFailure(step: SqlStep): Promise<TrialFinding | undefined> {
    const statements = splitStatements(step.text)
    const steersTransactions = statements.some(({ tokens }) => transactionControl.test(tokens[0]!))
    if (this.#migration.transaction !== false && !steersTransactions) {
      const known = this.#skipped.length
      await this.#send('begin')
      const failure = await this.#failureIn(step, statements)
      await this.#send(failure === undefined ? 'commit' : 'rollback')
      if (failure === undefined) return undefined
      this.#skipped.length = known
    }
    return this.#failureIn(step, statements)
  }

  async #failureIn(step: SqlStep, statements: readonly SqlStatement[]): Promise<TrialFinding | undefined> {
    for (const statement of statements) {
      const text = step.text.slice(statement.start, statement.end)
      const line = lineOf(step, statement.start)
      if (await this.#isLeftOut(statement, text, line)) continue
      try {
        await this.#send(text)
      } catch (error) {
        const position = Number((error as { position?: string }).position ?? 1)
        return this.#failed(error, line + (text.slice(0, position - 1).match(/\n/g)?.length ?? 0))
      }
    }
    return undefined
  }

  async #codeFailure(
    run: (context: { client: MigrationClient; tenant: Tenant; sql: typeof sql }) => unknown,
  ): Promise<TrialFinding | undefined> {
    const isInTransaction = this.#migration.transaction !== false
    const sent: Promise<unknown>[] = []
    const query = (given: string | Statement, values?: readonly unknown[]): Promise<QueryResult<any>> => {
      const statement = typeof given === 'string' ? { text: given, ...(values && { values: [...values] }) } : given
      // In their order, one at a time, as a pool of one connection sends them.
      const before = sent.at(-1)
      const result = (async () => {
        await before?.catch(() => {})
        return this.#sendOfCode(statement)
      })()
      sent.push(result)
      result.catch(() => {})
      return result
    }
    try {
      if (isInTransaction) await this.#send('begin')
      await run({ client: { query }, tenant: plainTenant, sql })
      // What the migration did not await belongs to it, too.
      await sent.at(-1)
      if (isInTransaction) await this.#send('commit')
      return undefined
    } catch (error) {
      await Promise.allSettled(sent)
      return this.#failed(error)
    }
  }

  async #sendOfCode(statement: Statement): Promise<QueryResult<any>> {
    for (const { start, end } of splitStatements(statement.text)) {
      const what = serverWide(this.#grammar, statement.text.slice(start, end))
      if (what === undefined) continue
      this.#skipped.push({ file: this.#migration.file, what })
      return { command: '', rowCount: null, oid: 0, rows: [], fields: [] }
    }
    return this.#connection.query(statement)
  }

  /** What the database has already is not created again: the shared migrations, and PostgreSQL itself, have done so. */
  async #isLeftOut({ tokens }: SqlStatement, text: string, line: number): Promise<boolean> {
    const what = serverWide(this.#grammar, text)
    if (what !== undefined) {
      this.#skipped.push({ file: this.#migration.file, line, what })
      return true
    }
    const [verb, kind, name] = tokens
    if (verb !== 'create') return false
    if (kind === 'schema') return name === 'public' && tokens.length === 3
    if (kind !== 'extension' || name === 'if') return false
    const { rows } = await this.#connection.query<{ name: string }>(extensionsSql())
    const written = /^create\s+extension\s+"?([^"\s;]+)/i.exec(text)?.[1]
    return rows.some((row) => row.name === written)
  }

  #send(text: string): Promise<QueryResult<any>> {
    return this.#connection.query({ text })
  }

  #failed(error: unknown, line?: number): TrialFinding {
    const { file } = this.#migration
    return {
      cause: 'reference',
      file,
      ...(line !== undefined && { line }),
      message: wordsOf(error),
    }
  }
}

const transactionControl = /^(?:begin|start|commit|end|rollback|abort|vacuum)$/

/** A message about names, types and syntax repeats the file; one about data repeats the data, so only its SQLSTATE is told. */
function wordsOf(error: unknown): string {
  const state = sqlStateOf(error)
  if (state === undefined) return error instanceof Error ? `${error.name}: ${error.message}` : 'an error'
  return /^(?:42|3F|0A|2B|55|25|58)/.test(state) ? `${(error as Error).message} (SQLSTATE ${state})` : `SQLSTATE ${state}`
}

/** What a migration in code is given where there is no tenant. */
const plainTenant: Tenant = Object.freeze({
  id: '00000000-0000-4000-8000-000000000000',
  schema: 'public',
  name: 'public',
  kind: 'default',
  status: 'active',
  placement: 'default',
  generation: 1,
  attributes: Object.freeze({}),
  createdAt: new Date(0),
})
