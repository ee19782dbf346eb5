/**
 * The databases of a trial, and of a generator of migrations. They are dropped when it ends, however it ends; after a kill, by the next trial. A database of a trial that runs is
 * always connected to, so that no other trial can drop it. Nothing else on the server is changed.
 */
import { randomBytes } from 'node:crypto'
import type { ClientConfig, QueryResult, QueryResultRow } from 'pg'
import { TenancyError } from '../../errors.ts'
import { identifier } from '../../names/identifier.ts'
import type { PlainConnection } from '../../ports/plain-connection.ts'
import type { Statement } from '../../sql/statement.ts'
import { inDatabase } from './in-database.ts'
import { commentOnDatabaseSql, createDatabaseSql, dropDatabaseSql, leftOversSql, mayCreateSql } from './scratch-sql.ts'
import type { TrialHost } from './trial-parts.ts'

export interface ScratchDatabase {
  readonly name: string
  readonly config: ClientConfig
  /** Held until the database is dropped. */
  readonly connection: PlainConnection
}

export class ScratchDatabases {
  /** Names of databases that could not be dropped. */
  readonly leftBehind: string[] = []
  readonly #host: Pick<TrialHost, 'connect'>
  readonly #config: ClientConfig
  readonly #admin: PlainConnection
  readonly #command: string
  readonly #held = new Map<string, PlainConnection>()
  /** Settles when no database is being created. */
  #creating: Promise<unknown> | undefined
  readonly #dropping: Promise<void>[] = []
  #isClosed = false

  private constructor(host: Pick<TrialHost, 'connect'>, config: ClientConfig, admin: PlainConnection, command: string) {
    this.#host = host
    this.#config = config
    this.#admin = admin
    this.#command = command
  }

  /**
   * Connects to the server, and drops what earlier trials left.
   * @param command the command that needs the databases, for messages
   * @throws TenancyError NOT_PERMITTED, DATABASE_UNREACHABLE
   */
  static async open(host: Pick<TrialHost, 'connect'>, config: ClientConfig, command = 'migrate try'): Promise<ScratchDatabases> {
    const admin = await host.connect({ ...config, application_name: `partywall ${command}` })
    try {
      const { rows } = await admin.query<{ role: string; may: boolean }>(mayCreateSql())
      if (rows[0]?.may !== true) throw mayNotCreate(rows[0]?.role ?? 'of this connection', command)
      await dropLeftOvers(admin)
      return new ScratchDatabases(host, config, admin, command)
    } catch (error) {
      await admin.end().catch(() => {})
      throw error
    }
  }

  /** For questions about the server. */
  query<R extends QueryResultRow>(statement: Statement): Promise<QueryResult<R>> {
    return this.#admin.query<R>(statement)
  }

  /** A new database. @param searchPath that of its sessions; absent: PostgreSQL's own */
  create(searchPath?: readonly string[]): Promise<ScratchDatabase> {
    const creating = this.#create(searchPath)
    this.#creating = creating.catch(() => {})
    return creating
  }

  /**
   * Begins to drop it, with all connections to it; `close` waits until it is done. A drop waits for a checkpoint, so several at the same time,
   * each on a connection of its own, take as long as one.
   */
  drop(name: string): void {
    this.#dropping.push(this.#drop(name))
  }

  /** Drops what is left, also while its statements run, and ends the connections. Does not throw: what could not be dropped is in `leftBehind`. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#creating
    for (const name of this.#held.keys()) this.drop(name)
    await Promise.all(this.#dropping)
    await this.#admin.end().catch(() => {})
  }

  async #create(searchPath: readonly string[] | undefined): Promise<ScratchDatabase> {
    this.#assertOpen()
    const name = `${prefix}${randomBytes(8).toString('hex')}`
    await this.#admin.query(createDatabaseSql(name))
    const config = inDatabase(this.#config, name)
    try {
      this.#assertOpen()
      // Nothing of it has to survive a crash, and one by one, hundreds of migrations would wait for the disk.
      await this.#admin.query({ text: `alter database ${identifier(name)} set synchronous_commit = off` })
      if (searchPath !== undefined) await this.#admin.query(setPathSql(name, searchPath))
      const connection = await this.#host.connect({ ...config, application_name: `partywall ${this.#command}` })
      this.#held.set(name, connection)
      await this.#admin.query(commentOnDatabaseSql(name))
      return { name, config, connection }
    } catch (error) {
      this.drop(name)
      throw error
    }
  }

  async #drop(name: string): Promise<void> {
    const held = this.#held.get(name)
    this.#held.delete(name)
    try {
      const connection = await this.#host.connect(this.#config)
      try {
        await connection.query(dropDatabaseSql(name, true))
      } finally {
        await connection.end()
      }
    } catch {
      this.leftBehind.push(name)
    }
    await held?.end().catch(() => {})
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error('The trial was aborted.')
  }
}

const prefix = 'partywall_try_'

async function dropLeftOvers(admin: PlainConnection): Promise<void> {
  const { rows } = await admin.query<{ name: string }>(leftOversSql(`^${prefix}[0-9a-f]{16}$`))
  // Not by force: a trial that has just connected keeps its database.
  for (const { name } of rows) await admin.query(dropDatabaseSql(name, false)).catch(() => {})
}

function setPathSql(name: string, searchPath: readonly string[]): { readonly text: string } {
  return { text: `alter database ${identifier(name)} set search_path = ${searchPath.map(identifier).join(', ')}` }
}

function mayNotCreate(role: string, command: string): TenancyError {
  return new TenancyError(
    'NOT_PERMITTED',
    `\`partywall ${command}\` makes databases of its own, and the role ${JSON.stringify(role)} may not create databases. Let a superuser run ` +
      `\`alter role ${identifier(role)} createdb\`; or use another server: \`partywall ${command} --url postgres://…\`; or the embedded ` +
      `PostgreSQL: \`partywall ${command} --embedded\`.`,
  )
}
