/**
 * The database as the catalog's stores see it. The first statement installs the catalog where it is missing, once per process; an error
 * about missing privileges says what to grant.
 */
import type { QueryResult, QueryResultRow } from 'pg'
import type { Connections, Database, Transaction } from '../ports/database.ts'
import { explainPrivilege } from '../sql/privilege.ts'
import { sqlState, sqlStateOf } from '../sql/sqlstate.ts'
import type { Statement } from '../sql/statement.ts'
import { installCatalog, type InstallParts } from './install/install.ts'

export interface CatalogParts extends InstallParts {
  readonly database: Database
  readonly deploy: Database
}

export class Catalog implements Database {
  readonly #database: Database
  readonly #parts: CatalogParts
  /** The same catalog by the connections of the deploy role: for work that changes structure. */
  readonly deploy: Database
  #ready: Promise<void> | undefined

  /** No I/O: the first statement installs the catalog where it is missing. */
  constructor(parts: CatalogParts) {
    const { database, deploy } = parts
    this.#database = database
    this.#parts = parts
    this.deploy = {
      query: (statement) => this.#explained(() => deploy.query(statement)),
      transaction: async (fn, signal) => this.ready().then(() => deploy.transaction(fn, signal)),
      loginRole: () => deploy.loginRole(),
      connections: async (size, fn) => this.ready().then(() => deploy.connections(size, fn)),
    }
  }

  /**
   * Resolves when the catalog is installed and current. Costs one query, once per process; after a failure the next call tries again.
   * @throws TenancyError CATALOG_MISSING, CATALOG_NEWER
   */
  ready(): Promise<void> {
    this.#ready ??= installCatalog(this.#parts).catch((error: unknown) => {
      this.#ready = undefined
      throw error
    })
    return this.#ready
  }

  async query<R extends QueryResultRow = QueryResultRow>(statement: Statement): Promise<QueryResult<R>> {
    return this.#explained(() => this.#database.query<R>(statement))
  }

  loginRole(): Promise<string> {
    return this.#database.loginRole()
  }

  /** Errors of its statements are not translated, because not all of them are about the catalog. Pass those that are to `explain`. */
  async transaction<T>(fn: (transaction: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.ready()
    return this.#database.transaction(fn, signal)
  }

  async connections<T>(size: number, fn: (connections: Connections) => Promise<T>): Promise<T> {
    await this.ready()
    return this.#database.connections(size, fn)
  }

  async #explained<T>(send: () => Promise<T>): Promise<T> {
    await this.ready()
    try {
      return await send()
    } catch (error) {
      throw this.explain(error)
    }
  }

  /** Translates an error of a statement about the catalog. */
  explain(error: unknown): unknown {
    // The catalog was dropped while this process runs: the next statement checks again, and installs it.
    if (sqlStateOf(error) === sqlState.undefinedTable) this.#ready = undefined
    return explainPrivilege(
      error,
      'do this in the catalog (the schema partywall)',
      'Set the option "database.deploy" to the role that owns it. Or, where all tenants have the boundary "path", run as its owner: ' +
        'grant usage on schema partywall to …; grant select on all tables in schema partywall to …; and to let the role change tenants and ' +
        'domains: grant insert, update, delete on all tables in schema partywall to …;',
    )
  }
}
