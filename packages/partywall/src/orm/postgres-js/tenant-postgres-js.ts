/**
 * partywall/postgres-js, for postgres.js 3. `tenantPostgresJs` wraps an `sql`, so that each query goes to the tenant of its scope.
 *
 * postgres.js sends queries of different callers over one connection, one after the other, so nothing can be set on a connection.
 * Here each query holds a connection while it runs and is sent in a transaction of its own: begin with the binding, the query, commit. If
 * the binding fails, the transaction has failed, and the server refuses the query. A query answers when its commit has answered.
 *
 * Not isolated by it: LISTEN and NOTIFY, whose channels belong to the database; `sql.subscribe`, which sees the rows of all tenants.
 */
import '../../node-version.ts'
import { Bindings, bindingLiteral, type Binding } from '../../database/binding/binding.ts'
import { bindingError } from '../../database/binding/binding-refusals.ts'
import { tenancyErrorOf } from '../../errors.ts'
import { warnIfUntested } from '../../tested-versions.ts'
import type { Tenant } from '../../types.ts'
import { interceptOutcome, isServerError, isStalePlan, settled, type Interception, type Outcome } from './answer.ts'
import { Cancellation, emptyText } from './cancelling.ts'
import { HeldConnection } from './held-connection.ts'
import { Learning } from './learning.ts'
import { atOnce, OwnTransaction } from './own-transaction.ts'
import { assertSafe, mustBe, refuse } from './refusals.ts'
import { ownText, textOf, wrap, type ConnectionLike, type QueryLike, type SqlLike, type TransactionLike } from './sql-like.ts'

/** The part of a tenancy that the adapter uses: no pool, because postgres.js has connections of its own. */
export interface UnpooledTenancy {
  readonly options: BindingOptions
  current(): Tenant<any>
}

/** The options of a tenancy that a binding is made from. */
export interface BindingOptions {
  readonly sharedSchema: string
  readonly includeShared: boolean
  readonly extraSearchPath: readonly string[]
  readonly outsideScope: 'refuse' | 'shared'
  readonly statementTimeoutMs: number | ((tenant: Tenant<any>) => number | undefined) | undefined
}

/**
 * The same `sql`, whose queries, transactions and cursors go to the tenant of the scope in which they are written.
 * @example
 * const sql = tenantPostgresJs(tenancy, postgres(process.env.DATABASE_URL))
 * await tenancy.run('acme', async () => await sql`select * from projects`)
 * @throws TenancyError NO_TENANT, WRONG_TENANT, SCHEMA_MISSING, LOGIN_REFUSED, UNSAFE_STATEMENT, each by the promise of the query
 */
export function tenantPostgresJs<S extends object>(tenancy: UnpooledTenancy, sql: S): S {
  warnIfUntested('postgres')
  return new TenantSql(tenancy, sql as unknown as SqlLike).wrapped as unknown as S
}

class TenantSql {
  readonly wrapped: SqlLike
  readonly #sql: SqlLike
  readonly #tenancy: UnpooledTenancy
  readonly #bindings: Bindings
  readonly #running = new Set<Promise<unknown>>()
  readonly #learning: Learning
  /** How often the plans of a binding were found stale: plans with a smaller number are not used any more. */
  readonly #stale = new Map<string, number>()
  #isEnding = false

  constructor(tenancy: UnpooledTenancy, sql: SqlLike) {
    this.#tenancy = tenancy
    this.#sql = sql
    this.#learning = new Learning(sql)
    this.#bindings = new Bindings(tenancy.options)
    const take = (query: QueryLike): QueryLike => this.#take(query)
    this.wrapped = wrap(sql, take, {
      unsafe: (...args: [string, any[]?, object?]) => take(sql.unsafe(...args)),
      file: () => refuse('sql.file', 'Read the file and hand its text to sql.unsafe, or use it in sql.begin.'),
      reserve: () => refuse('sql.reserve', 'Use sql.begin: all its queries run on one connection.'),
      largeObject: () => refuse('sql.largeObject', 'Large objects belong to no schema, so to no tenant. Use the unwrapped sql.'),
      subscribe: () => refuse('sql.subscribe', 'It sees the rows of all tenants. Use the unwrapped sql for that.'),
      begin: (...args: any[]) => this.#begin(args),
      end: (options?: { timeout?: number }) => this.#end(() => sql.end(options), options?.timeout),
      close: () => this.#end(() => sql.close()),
    })
  }

  /** The scope in which a query is written decides its tenant. It may also become a part of another query, and never be sent. */
  #take(query: QueryLike): QueryLike {
    const written = this.#binding()
    const cancellation = new Cancellation(query, this.#sql)
    query.handler = () => {
      try {
        const binding = mustBe(this.#binding(), written)
        assertSafe(textOf(query), binding)
        if (query.streaming === true)
          refuse('COPY outside a transaction', 'Use sql.begin(async (sql) => …): the COPY must end before the commit is sent.')
        if (this.#isEnding) refuse('A query after sql.end()', 'Call sql.end() when the work is done.')
        this.#track(this.#run(query, binding, cancellation))
      } catch (error) {
        query.reject(error)
      }
    }
    return query
  }

  async #run(query: QueryLike, binding: Binding, cancellation: Cancellation): Promise<void> {
    if (cancellation.isUnsent) return
    const outcome = interceptOutcome(query, () => cancellation.answered())
    cancellation.onUnsent(outcome.cancel)
    try {
      await this.#learning.learn(binding)
      if (!cancellation.isUnsent) outcome.settle(await this.#runFresh(query, binding, outcome, cancellation))
    } catch (error) {
      outcome.settle({ error })
    }
  }

  /** A query whose plan is stale is prepared again and runs a second time: the first transaction was rolled back. */
  async #runFresh(query: QueryLike, binding: Binding, outcome: Interception, cancellation: Cancellation): Promise<Outcome> {
    const written = query.strings
    const stale = this.#staleOf(binding)
    ownText(query, binding.key, stale)
    const answer = await this.#runOnce(query, binding, outcome, cancellation)
    if (!('error' in answer && isStalePlan(answer.error))) return answer
    if (this.#staleOf(binding) === stale) this.#stale.set(binding.key, stale + 1)
    Object.assign(query, { strings: written, state: null, active: false })
    ownText(query, binding.key, this.#staleOf(binding))
    return this.#runOnce(query, binding, outcome, cancellation)
  }

  #staleOf({ key }: Binding): number {
    return this.#stale.get(key) ?? 0
  }

  async #runOnce(query: QueryLike, binding: Binding, outcome: Interception, cancellation: Cancellation): Promise<Outcome> {
    const connection = new HeldConnection()
    const closing = this.#sql.unsafe(`commit${atOnce}`)
    let transaction: OwnTransaction | undefined
    const onexecute = (on: ConnectionLike): boolean => {
      connection.hold(on)
      transaction = new OwnTransaction(this.#sql, connection, on, query, cancellation, closing)
      return false
    }
    const answered = outcome.next()
    const unlessLost = (each: Promise<Outcome>): Promise<Outcome> => Promise.race([each, connection.lost])
    const opened = await unlessLost(settled(this.#sql.unsafe(openingOf(binding), [], { onexecute })))
    // No connection could be opened, or it was not shown: the query was not sent, so this is no answer to it.
    if (transaction === undefined)
      return 'error' in opened ? opened : { error: new Error('postgres.js did not show its connection.') }
    // BEGIN itself failed: postgres.js has the connection back, and nothing else was sent.
    const [answer, closed] =
      'error' in opened && !transaction.hasBegun
        ? [opened, opened]
        : await Promise.all([unlessLost(answered), unlessLost(settled(closing))])
    if (transaction.givenBack === undefined) connection.letGo()
    else void this.#track(transaction.givenBack.then(() => connection.letGo()))
    if ('error' in opened) return { error: isServerError(opened.error) ? bindingError(opened.error, binding) : opened.error }
    return 'error' in answer || !('error' in closed) ? answer : closed
  }

  async #begin(args: any[]): Promise<unknown> {
    const [options, work] = args.length > 1 ? args : ['', args[0]]
    const binding = mustBe(this.#binding(), undefined)
    if (this.#isEnding) refuse('A transaction after sql.end()', 'Call sql.end() when the work is done.')
    await this.#learning.learn(binding)
    const connection = new HeldConnection()
    const transaction = this.#sql.begin(`${options}${atOnce}`, (within: TransactionLike) =>
      connection.whileHeld(async () => {
        await within.unsafe(bindingOf(binding), [], { onexecute: connection.hold }).catch((error) => {
          throw isServerError(error) ? bindingError(error, binding) : error
        })
        return allOf(work(this.#within(within, binding, connection)))
      }),
    )
    return this.#track(
      transaction.catch((error: unknown) => {
        if (isServerError(error)) connection.endTransaction(this.#sql.unsafe(`rollback${atOnce}`))
        throw error
      }),
    )
  }

  #within(transaction: TransactionLike, binding: Binding, connection: HeldConnection): TransactionLike {
    const take = (query: QueryLike): QueryLike => {
      const handle = query.handler
      const cancellation = new Cancellation(query, this.#sql)
      const send = async (): Promise<void> => {
        try {
          // A request to cancel an earlier query must not hit this one.
          if (connection.requestsEnded !== undefined) await connection.requestsEnded
          if (cancellation.isUnsent) return
          connection.assertHeld()
          cancellation.onUnsent((error) => {
            emptyText(query)
            query.reject(error)
          })
          ownText(query, binding.key, this.#staleOf(binding))
          cancellation.sentOn(connection)
          handle(query)
        } catch (error) {
          query.reject(error)
        }
      }
      query.handler = () => {
        try {
          const current = this.#binding()
          if (current !== undefined) mustBe(current, binding)
          assertSafe(textOf(query), binding)
          void send()
        } catch (error) {
          query.reject(error)
        }
      }
      return query
    }
    return wrap(transaction, take, {
      unsafe: (...args: [string, any[]?, object?]) => take(transaction.unsafe(...args)),
      savepoint: async (...args: any[]) => {
        if (connection.requestsEnded !== undefined) await connection.requestsEnded
        connection.assertHeld()
        const [name, work] = args.length > 1 ? args : [undefined, args[0]]
        const inner = (savepoint: TransactionLike): unknown =>
          connection.whileHeld(async () => allOf(work(this.#within(savepoint, binding, connection))))
        return name === undefined ? transaction.savepoint(inner) : transaction.savepoint(name, inner)
      },
    })
  }

  /** The current binding; undefined outside every scope. */
  #binding(): Binding | undefined {
    try {
      return this.#bindings.ofTenant(this.#tenancy.current())
    } catch (error) {
      const noTenant = tenancyErrorOf(error, 'NO_TENANT')
      if (noTenant === undefined) throw error
      const isShared = noTenant.details.scope === 'shared' || this.#tenancy.options.outsideScope === 'shared'
      return isShared ? this.#bindings.shared : undefined
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const done = settled(work)
    this.#running.add(done)
    void done.finally(() => this.#running.delete(done))
    return work
  }

  /** postgres.js would wait indefinitely for a connection that is reserved when `end` is called. */
  async #end(end: () => Promise<void>, timeoutSeconds?: number): Promise<void> {
    this.#isEnding = true
    const idle = Promise.all(this.#running)
    const timeout = timeoutSeconds ?? Infinity
    let timer: NodeJS.Timeout | undefined
    const late = new Promise((resolve) => {
      if (timeout !== Infinity) timer = setTimeout(resolve, timeout * 1000)
    })
    await Promise.race([idle, late])
    clearTimeout(timer)
    await end()
  }
}

function bindingOf(binding: Binding): string {
  // Temporary tables that a function of another tenant left in the session would be visible after the tenant's own tables.
  return `discard temp; ${bindingLiteral(binding)}${atOnce}`
}

function openingOf(binding: Binding): string {
  return `begin; ${bindingOf(binding)}`
}

function allOf(result: unknown): unknown {
  return Array.isArray(result) ? Promise.all(result) : result
}
