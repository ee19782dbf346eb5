/** Statements and transactions on the connections of one pool, for the rooms that see the database through its port. */
import type { QueryResult, QueryResultRow } from 'pg'
import { TenancyError } from '../errors.ts'
import type { Database, Transaction } from '../ports/database.ts'
import type { Scope } from '../scope/scope.ts'
import { examine, type ExaminedText } from '../sql/statement-facts.ts'
import type { Queryable, Statement, TimedStatement } from '../sql/statement.ts'
import type { Binding, Bindings } from './binding/binding.ts'
import { cancelOnAbort } from './pool/interrupt.ts'
import { ownCheckoutHere } from './pool/held-clients.ts'
import type { Loan } from './pool/loan.ts'
import { connectFor, type TenantPool } from './pool/tenant-pool.ts'

/** Both are for statements whose names are qualified; they say as which role. */
export interface WorkBindings {
  /** What a connection is checked out for, and what begins and ends a transaction. */
  readonly shared: Binding
  /** What the statements run with. */
  readonly qualified: Binding
}

export interface PoolWorkParts {
  readonly pool: TenantPool
  readonly bindings: Pick<Bindings, 'ofSchema' | 'ofTenant' | 'deploy'>
  readonly as: WorkBindings
  readonly scope: Scope<any>
}

export class PoolWork implements Omit<Database, 'connections'> {
  readonly #parts: PoolWorkParts

  constructor(parts: PoolWorkParts) {
    this.#parts = parts
  }

  /** One round trip. */
  query<R extends QueryResultRow = QueryResultRow>(statement: Statement | TimedStatement): Promise<QueryResult<R>> {
    return this.#query<R>(this.#parts.as, statement)
  }

  async transaction<T>(fn: (transaction: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { pool, as, scope } = this.#parts
    const loan = await connectFor(pool, as.shared, ownCheckoutHere(this.transaction))
    const control = (text: string): Promise<unknown> => loan.client.queryFor(as.shared, examine(text))
    const stopListening = signal === undefined ? undefined : cancelOnAbort(loan.client, signal)
    try {
      // Whatever the server's default: a transaction that waited for a row lock must then see what was committed.
      await control('begin isolation level read committed')
      // Outside every scope: a migration that queries the pool instead of its own client is refused, wherever it was started.
      const result = await scope.runOutside(() => fn(this.#transactionOn(loan)))
      await control('commit')
      return result
    } catch (error) {
      // If the rollback fails too, the connection is not clean, and the pool destroys it.
      await control('rollback').catch(() => {})
      throw error
    } finally {
      stopListening?.()
      // A request to cancel may still be on its way, and must not meet the next holder.
      loan.release(signal?.aborted === true)
    }
  }

  /** The role of the session itself. Asked without another role, which may not exist yet. */
  async loginRole(): Promise<string> {
    const { rows } = await this.#query<{ role: string }>(this.#parts.bindings.deploy, {
      text: 'select session_user::pg_catalog.text as role',
    })
    return rows[0]!.role
  }

  async #query<R extends QueryResultRow>(as: WorkBindings, statement: Statement | TimedStatement): Promise<QueryResult<R>> {
    const { text, values } = statement
    const timeoutMs = 'timeoutMs' in statement ? statement.timeoutMs : undefined
    const loan = await connectFor(this.#parts.pool, as.shared)
    try {
      return await loan.client.queryFor(as.qualified, examine(text), values, timeoutMs)
    } finally {
      loan.release()
    }
  }

  /** The loan refuses every query after the end of the transaction. */
  #transactionOn(loan: Loan): Transaction {
    const { bindings, as } = this.#parts
    const queryAs = (binding: Binding): Queryable => ({
      query: async ({ text, values }: Statement) => loan.client.queryFor(binding, examinedInside(text), values),
    })
    const ofSchema = (schema: string): Binding => bindings.ofSchema(schema, as.qualified.role)
    return {
      ...queryAs(as.qualified),
      in: (schema) => queryAs(ofSchema(schema)),
      asTenant: (tenant) => queryAs(ofOneLogin(bindings.ofTenant(tenant))),
      send: async (schema, text, foreign) => void (await loan.client.queryAround(ofSchema(schema), text, foreign)),
    }
  }
}

/** The statements of a tenant that logs in itself need a connection of its own: this one has the rights of the application. */
function ofOneLogin(binding: Binding): Binding {
  if (binding.login === undefined) return binding
  throw new TenancyError(
    'WRONG_TENANT',
    `A connection of the application was to be used for the ${binding.label}, which has connections of its own (the boundary 'login').`,
    { details: { owner: 'none', now: binding.schema } },
  )
}

/** The transaction is ended where it was opened; savepoints in it are allowed. */
function examinedInside(text: string): ExaminedText {
  const examined = examine(text)
  const { control } = examined.facts
  if (control !== 'begin' && control !== 'end') return examined
  throw new TenancyError(
    'UNSAFE_STATEMENT',
    'BEGIN, COMMIT or ROLLBACK was sent in a transaction that partywall opens and ends. Leave it out: the transaction is committed when ' +
      'everything in it succeeds, and rolled back otherwise.',
  )
}
