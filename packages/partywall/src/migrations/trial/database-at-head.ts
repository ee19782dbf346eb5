/**
 * A database for the generator of another tool, which compares it with the project's models. All migrations of one source ran in its schema
 * `public`, as the tool runs them. Nothing of partywall is in it, because the generator would write statements that drop it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { ClientConfig } from 'pg'
import { TenancyError } from '../../errors.ts'
import type { Migration, MigrationSource } from '../../ports/migration-source.ts'
import { loadGrammar } from '../statements/grammar.ts'
import { migrationSources } from '../sources/sources.ts'
import { extensionsMigration } from './advice.ts'
import { currentDatabaseSql, databaseInMetadataSql, dropOwnTablesSql, hasMetadataSql, sessionCountSql } from './head-sql.ts'
import { neededExtension } from './needed-extension.ts'
import { readyShared, searchPathOf } from './plain-trial.ts'
import { makeReference } from './reference.ts'
import type { ScratchDatabase, ScratchDatabases } from './scratch-databases.ts'
import type { TrialHost, TrialOptions } from './trial-parts.ts'
import type { TrialFinding } from './trial-report.ts'
import { withScratchDatabases } from './with-scratch-databases.ts'

export interface DatabaseAtHead {
  readonly name: string
  readonly config: ClientConfig
  /** The name of the database that it stands for. */
  readonly standsFor: string
  /** The shared migrations ran, too, because those of the source need them. */
  readonly hasShared: boolean
  /** Whether another program has connected to it. The server counts with some delay, so this may take a second. */
  wasUsed(): Promise<boolean>
}

export interface HeadOptions extends Pick<TrialOptions, 'server' | 'embedded' | 'signal' | 'onStage'> {
  /** The command that needs the database, for messages. */
  readonly command: string
  /** @default false: it is a source of tenants */
  readonly isShared?: boolean
}

/**
 * Makes the database, and drops it when `use` has ended.
 * @throws TenancyError NOT_PERMITTED, DATABASE_UNREACHABLE, EMBEDDED_FAILED; INVALID_MIGRATION when the migrations fail without tenants
 */
export async function withDatabaseAtHead<T>(
  host: TrialHost,
  source: MigrationSource,
  options: HeadOptions,
  use: (database: DatabaseAtHead) => Promise<T>,
): Promise<T> {
  return withScratchDatabases(host, options, options.command, async (databases) => {
    const { rows } = await databases.query<{ name: string }>(currentDatabaseSql())
    const { database, hasShared } = await new Head(host, databases, source, options).make()
    const before = await sessionsOf(database)
    const wasUsed = (): Promise<boolean> => hasMoreSessions(database, before)
    return use({ ...database, standsFor: rows[0]!.name, hasShared, wasUsed })
  })
}

class Head {
  readonly #host: TrialHost
  readonly #databases: ScratchDatabases
  readonly #source: MigrationSource
  readonly #options: HeadOptions
  readonly #extensions: string[] = []

  constructor(host: TrialHost, databases: ScratchDatabases, source: MigrationSource, options: HeadOptions) {
    this.#host = host
    this.#databases = databases
    this.#source = source
    this.#options = options
  }

  /** Without the shared tables, if that works: the generator would drop what the project's models do not have. */
  async make(): Promise<{ readonly database: ScratchDatabase; readonly hasShared: boolean }> {
    const migrations = await this.#source.list()
    this.#options.onStage?.(`applying ${migrations.length} migrations to a database of its own`)
    for (let hasShared = false; ;) {
      const database = await this.#databases.create(searchPathOf(this.#host.options))
      const failure = await this.#failure(database, migrations, hasShared)
      if (failure === undefined) return { database, hasShared }
      this.#databases.drop(database.name)
      const needed = neededExtension(failure.message)
      if (needed !== undefined && !this.#extensions.includes(needed)) this.#extensions.push(needed)
      else if (!hasShared && this.#options.isShared !== true) hasShared = true
      else throw failed(failure)
    }
  }

  async #failure(
    database: ScratchDatabase,
    migrations: readonly Migration[],
    hasShared: boolean,
  ): Promise<TrialFinding | undefined> {
    const { connection } = database
    const { sharedSchema } = this.#host.options
    if (hasShared) {
      const { shared } = migrationSources(this.#host.options)
      const failure = await readyShared(this.#host, database, shared)
      if (failure !== undefined) return failure
      for (const statement of dropOwnTablesSql(sharedSchema)) await connection.query(statement)
    }
    try {
      await connection.query({ text: extensionsMigration(this.#extensions, 'public') })
    } catch (error) {
      return { cause: 'reference', message: (error as Error).message }
    }
    const { failure } = await makeReference(connection, await loadGrammar(), migrations)
    if (failure !== undefined) return failure
    const { rows } = await connection.query<{ isThere: boolean }>(hasMetadataSql())
    if (rows[0]!.isThere) await connection.query(databaseInMetadataSql())
    return undefined
  }
}

async function sessionsOf({ connection }: ScratchDatabase): Promise<bigint> {
  const { rows } = await connection.query<{ count: string }>(sessionCountSql())
  return BigInt(rows[0]?.count ?? 0)
}

async function hasMoreSessions(database: ScratchDatabase, before: bigint): Promise<boolean> {
  for (let attempt = 0; attempt < 10; attempt++) {
    if ((await sessionsOf(database)) > before) return true
    await wait(100)
  }
  return false
}

function failed({ file, line, message }: TrialFinding): TenancyError {
  const where = file === undefined ? '' : ` ${file}${line === undefined ? '' : `, line ${line}`}:`
  return new TenancyError(
    'INVALID_MIGRATION',
    `The migrations fail without tenants, so there is no database at head to compare with.${where} ${message}`,
    { details: { ...(file !== undefined && { file }), ...(line !== undefined && { line }) } },
  )
}
