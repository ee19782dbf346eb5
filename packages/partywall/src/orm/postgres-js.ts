/**
 * partywall/postgres-js, for postgres.js 3. `tenantSql` wraps an `sql`, so that each query goes to the tenant of its scope.
 *
 * postgres.js sends queries of different callers over one connection, one behind the other, so nothing can be set on a connection.
 * A query holds one for its time and is sent in a transaction of its own: begin with the binding, the query, commit. Where the binding
 * fails, the transaction has failed, and the server refuses the query. A query answers when the commit has.
 *
 * Not isolated by it: LISTEN and NOTIFY, whose channels belong to the database; `sql.subscribe`, which sees the rows of all tenants.
 */
import { Bindings, bindingLiteral, type Binding } from '../database/binding.ts'
import { bindingError } from '../database/bound-query.ts'
import { statementFacts } from '../database/statement-facts.ts'
import { isTenancyError, TenancyError } from '../errors.ts'
import type { Options } from '../options.ts'
import type { Tenant } from '../types.ts'

/** The part of a tenancy that the adapter uses. */
export interface TenancyLike {
  readonly options: Options
  current(): Tenant<any>
}

/** The part of postgres.js that the adapter uses. */
interface SqlLike {
  (...args: any[]): any
  readonly options: OptionsLike
  unsafe(text: string, args?: any[], options?: object): QueryLike
  begin(...args: any[]): Promise<any>
  end(options?: { timeout?: number | undefined }): Promise<void>
  close(): Promise<void>
}

interface OptionsLike {
  readonly fetch_types: boolean
  readonly parsers: Record<number, unknown>
  readonly serializers: Record<number, unknown>
}

/** A connection, which postgres.js shows to the `onexecute` of a query. */
interface ConnectionLike {
  /** Sends a query; true when another may follow at once. */
  execute(query: QueryLike): unknown
  /**
   * Set: the connection is held. It is called whenever all that was sent is answered, until the server is outside a transaction;
   * then postgres.js takes the connection back.
   */
  reserved: (() => void) | null
  onclose?: ((error: unknown) => void) | null
}

interface TransactionLike {
  (...args: any[]): any
  unsafe(text: string, args?: any[], options?: object): QueryLike
  savepoint(...args: any[]): Promise<any>
}

/** A query of postgres.js: a promise that is sent when somebody wants its result, by its handler. */
interface QueryLike extends Promise<any> {
  handler: (query: QueryLike) => void
  strings: readonly string[]
  readonly args: readonly unknown[]
  readonly options: { simple?: boolean }
  readonly streaming?: boolean
  readonly cancelled?: unknown
  executed: boolean
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
}

/**
 * The same `sql`, whose queries, transactions and cursors go to the tenant of the scope they are written in.
 * @example
 * const sql = tenantSql(tenancy, postgres(process.env.DATABASE_URL))
 * await tenancy.run('acme', async () => await sql`select * from projects`)
 * @throws TenancyError NO_TENANT, WRONG_TENANT, SCHEMA_MISSING, UNSAFE_STATEMENT, each by the promise of the query
 */
export function tenantSql<S extends object>(tenancy: TenancyLike, sql: S): S {
  return new TenantSql(tenancy, sql as unknown as SqlLike).wrapped as unknown as S
}

class TenantSql {
  readonly wrapped: SqlLike
  readonly #sql: SqlLike
  readonly #tenancy: TenancyLike
  readonly #bindings: Bindings
  readonly #running = new Set<Promise<unknown>>()
  readonly #learned = new Map<string, Promise<unknown>>()
  #isEnding = false

  constructor(tenancy: TenancyLike, sql: SqlLike) {
    this.#tenancy = tenancy
    this.#sql = sql
    this.#bindings = new Bindings(tenancy.options)
    const take = (query: QueryLike): QueryLike => this.#take(query)
    this.wrapped = wrap(sql, take, {
      unsafe: (...args: [string, any[]?, object?]) => take(sql.unsafe(...args)),
      file: () => refuse('sql.file', 'Read the file and hand its text to sql.unsafe, or use it in sql.begin.'),
      reserve: () => refuse('sql.reserve', 'Use sql.begin: all its queries run on one connection.'),
      largeObject: () => refuse('sql.largeObject', 'Large objects belong to no schema, so to no tenant.'),
      subscribe: () => refuse('sql.subscribe', 'It sees the rows of all tenants; use the unwrapped sql for that.'),
      begin: (...args: any[]) => this.#begin(args),
      end: (options?: { timeout?: number }) => this.#end(() => sql.end(options), options?.timeout),
      close: () => this.#end(() => sql.close()),
    })
  }

  /** Whose query it is, is decided where it is written. It may also become a part of another query, and never be sent. */
  #take(query: QueryLike): QueryLike {
    const written = this.#binding()
    query.handler = () => {
      try {
        const binding = mustBe(this.#binding(), written)
        assertSafe(textOf(query))
        if (query.streaming === true)
          refuse('COPY outside a transaction', 'Use sql.begin(async (sql) => …): it must end before commit is sent.')
        if (this.#isEnding) refuse('A query after sql.end()', 'End it when the work is done.')
        this.#track(this.#run(query, binding))
      } catch (error) {
        query.reject(error)
      }
    }
    return query
  }

  async #run(query: QueryLike, binding: Binding): Promise<void> {
    if (query.cancelled) return
    const outcome = interceptOutcome(query)
    try {
      await this.#learnTypes(binding)
      ownText(query, binding)
      outcome.settle(await this.#runOnce(query, binding, outcome))
    } catch (error) {
      outcome.settle({ error })
    }
  }

  async #runOnce(query: QueryLike, binding: Binding, outcome: Interception, isSecond = false): Promise<Outcome> {
    const connection = new HeldConnection()
    const closing = this.#sql.unsafe(`commit${atOnce}`)
    const onexecute = (on: ConnectionLike): boolean => {
      connection.hold(on)
      sendBehind(on, query, closing)
      return false
    }
    const answered = outcome.next()
    const unlessLost = (each: Promise<Outcome>): Promise<Outcome> => Promise.race([each, connection.lost])
    const opened = await unlessLost(settled(this.#sql.unsafe(openingOf(binding), [], { onexecute })))
    // No connection could be made, or it was not shown: nothing was sent behind it, so this is no answer to the query.
    if (!connection.wasHeld) return 'error' in opened ? opened : { error: new Error('postgres.js did not show its connection.') }
    const [answer, closed] = await Promise.all([unlessLost(answered), unlessLost(settled(closing))])
    connection.letGo()
    if ('error' in opened) return { error: isServerError(opened.error) ? bindingError(opened.error, binding) : opened.error }
    if ('error' in answer && isStalePlan(answer.error) && !isSecond) return this.#runOnce(query, binding, outcome, true)
    return 'error' in answer || !('error' in closed) ? answer : closed
  }

  async #begin(args: any[]): Promise<unknown> {
    const [options, work] = args.length > 1 ? args : ['', args[0]]
    const binding = mustBe(this.#binding(), undefined)
    if (this.#isEnding) refuse('A transaction after sql.end()', 'End it when the work is done.')
    await this.#learnTypes(binding)
    return this.#track(
      this.#sql.begin(`${options}${atOnce}`, (transaction: TransactionLike) => {
        const connection = new HeldConnection()
        return connection.whileHeld(async () => {
          await transaction.unsafe(bindingOf(binding), [], { onexecute: connection.hold }).catch((error) => {
            throw isServerError(error) ? bindingError(error, binding) : error
          })
          return allOf(work(this.#within(transaction, binding, connection)))
        })
      }),
    )
  }

  #within(transaction: TransactionLike, binding: Binding, connection: HeldConnection): TransactionLike {
    const take = (query: QueryLike): QueryLike => {
      const send = query.handler
      query.handler = () => {
        try {
          const now = this.#binding()
          if (now !== undefined) mustBe(now, binding)
          assertSafe(textOf(query))
          connection.assertHeld()
          ownText(query, binding)
          send(query)
        } catch (error) {
          query.reject(error)
        }
      }
      return query
    }
    return wrap(transaction, take, {
      unsafe: (...args: [string, any[]?, object?]) => take(transaction.unsafe(...args)),
      savepoint: (...args: any[]) => {
        connection.assertHeld()
        const [name, work] = args.length > 1 ? args : [undefined, args[0]]
        const inner = (savepoint: TransactionLike): unknown =>
          connection.whileHeld(async () => allOf(work(this.#within(savepoint, binding, connection))))
        return name === undefined ? transaction.savepoint(inner) : transaction.savepoint(name, inner)
      },
    })
  }

  /** The binding of now; undefined outside every scope. */
  #binding(): Binding | undefined {
    try {
      return this.#bindings.ofTenant(this.#tenancy.current())
    } catch (error) {
      if (!isTenancyError(error, 'NO_TENANT')) throw error
      const isShared = error.details.scope === 'shared' || this.#tenancy.options.outsideScope === 'shared'
      return isShared ? this.#bindings.shared : undefined
    }
  }

  /** postgres.js learns the types of arrays when it connects; those of tenants that were made later it does not know. */
  #learnTypes(binding: Binding): Promise<unknown> | undefined {
    if (!this.#sql.options.fetch_types) return undefined
    let learned = this.#learned.get(binding.schema)
    if (learned === undefined) {
      learned = this.#learnTypesOf(binding.schema)
      learned.catch(() => this.#learned.delete(binding.schema))
      this.#learned.set(binding.schema, learned)
    }
    return learned
  }

  async #learnTypesOf(schema: string): Promise<void> {
    const rows = await this.#sql.unsafe(
      `select list.oid::int8::text as type
       from pg_catalog.pg_type as list
       join pg_catalog.pg_type as element on element.oid = list.typelem and element.typarray = list.oid
       where element.typtype = 'e' and list.typnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)`,
      [schema],
    )
    const { parsers, serializers } = this.#sql.options
    for (const { type } of rows) {
      parsers[type] = parsers[textArray]
      serializers[type] = serializers[textArray]
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const done = settled(work)
    this.#running.add(done)
    void done.finally(() => this.#running.delete(done))
    return work
  }

  /** postgres.js would wait for ever for a connection that is reserved when it is told to end. */
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

/** The function with other methods, whose queries go through `take`. */
function wrap<F extends object>(sql: F, take: (query: QueryLike) => QueryLike, methods: Record<string, unknown>): F {
  return new Proxy(sql, {
    apply: (target, _, args) => {
      const value: unknown = Reflect.apply(target as never, undefined, args)
      return isQuery(value) ? take(value) : value
    },
    get: (target, key) => (typeof key === 'string' && Object.hasOwn(methods, key) ? methods[key] : Reflect.get(target, key)),
  })
}

function isQuery(value: unknown): value is QueryLike {
  return value instanceof Promise && 'handler' in value && 'strings' in value
}

/** The text as the server will see it, but for the numbers of parameters. */
function textOf({ strings, args }: QueryLike): string {
  return strings.map((part, index) => (index === 0 ? part : `${partOf(args[index - 1])}${part}`)).join('')
}

function partOf(arg: unknown): string {
  if (Array.isArray(arg)) return arg.map(partOf).join(' ')
  return isQuery(arg) ? textOf(arg) : ' $1 '
}

/** A prepared statement holds the plan of one schema, and postgres.js finds it by its text: the text must say which. */
function ownText(query: QueryLike, { schema }: Binding): void {
  const parts = [...query.strings]
  parts.push(`${parts.pop()} /* ${encodeURIComponent(schema).replaceAll('*', '')} */`)
  query.strings = parts
}

function bindingOf(binding: Binding): string {
  // What a function of another tenant may have left in the session would be seen behind the tenant's own tables.
  return `discard temp; ${bindingLiteral(binding)}`
}

/**
 * postgres.js collects what it writes until the next turn of the event loop or until there are 1024 bytes. If the connection closes in
 * between, it puts them before the first message of the connection that follows, which never gets through. So nothing is left to wait.
 */
const atOnce = ' '.repeat(1024)

function openingOf(binding: Binding): string {
  return `begin; ${bindingOf(binding)}`
}

/**
 * The connection of a transaction, from its first query to the end. When postgres.js has lost one, it still writes to it, which ends the
 * process, or to the one that it opens in its place, which may serve another tenant by then.
 */
class HeldConnection {
  readonly lost: Promise<{ readonly error: unknown }>
  wasHeld = false
  isLost = false
  #letGo: () => void = () => {}
  #lose: (outcome: { readonly error: unknown }) => void = () => {}

  constructor() {
    this.lost = new Promise((resolve) => (this.#lose = resolve))
  }

  /** postgres.js calls it with the connection that executes a query. */
  readonly hold = (connection: Pick<ConnectionLike, 'onclose'>): boolean => {
    this.wasHeld = true
    const before = connection.onclose
    const onclose = (error: unknown): void => {
      this.isLost = true
      this.#lose({ error })
      before?.(error)
    }
    Object.assign(connection, { onclose })
    this.#letGo = () => void Object.assign(connection, { onclose: before ?? null })
    return true
  }

  letGo(): void {
    if (!this.isLost) this.#letGo()
  }

  assertHeld(): void {
    if (this.isLost) throw Object.assign(new Error('The connection of this transaction is lost.'), { code: 'CONNECTION_CLOSED' })
  }

  /** The result of `work`; none when the connection is lost, for postgres.js must not be asked to roll back then. It fails by itself. */
  async whileHeld<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work()
      if (!this.isLost) return result
    } catch (error) {
      // The news of the loss may come a moment after the error.
      if (isConnectionError(error)) await Promise.race([this.lost, new Promise((resolve) => setTimeout(resolve, 1000).unref())])
      if (!this.isLost) throw error
    }
    return new Promise(() => {})
  }
}

function isConnectionError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(CONNECTION_|E[A-Z]+$|57P0)/.test(String(error.code))
}

/** Sends the query, and then the end of its transaction, on a connection that is sending the beginning. */
function sendBehind(connection: ConnectionLike, query: QueryLike, closing: QueryLike): void {
  // Both are sent from here; who awaits them must not send them again.
  closing.executed = true
  const rest = [query, closing]
  const send = (): void => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      if (!connection.execute(next) && !next.cancelled) return
    }
  }
  connection.reserved = send
  // When a value cannot be written, postgres.js fails whatever query is under way and loses count of the answers. So a query with values
  // waits until it is the only one.
  if (query.args.length === 0) send()
}

type Outcome = { readonly value: unknown } | { readonly error: unknown }

interface Interception {
  /** What postgres.js has to say about the query the next time. */
  next(): Promise<Outcome>
  /** Tells it to the caller. */
  settle(outcome: Outcome): void
}

/** Takes the answer that is meant for the caller, who is to have it when the commit has answered, too. */
function interceptOutcome(query: QueryLike): Interception {
  // A cursor puts functions of its own here for each of its parts.
  let { resolve, reject } = query
  let answer: ((outcome: Outcome) => void) | undefined
  let early: Outcome | undefined
  const take = (outcome: Outcome): void => {
    early = outcome
    answer?.(outcome)
  }
  Object.defineProperties(query, {
    resolve: {
      get: () => (value: unknown) => take({ value }),
      set(own) {
        resolve = own
      },
    },
    reject: {
      get: () => (error: unknown) => take({ error }),
      set(own) {
        reject = own
      },
    },
  })
  return {
    next: () => {
      // It may have been cancelled while it waited for a connection.
      const said = query.cancelled ? early : undefined
      return new Promise((given) => (said === undefined ? (answer = given) : given(said)))
    },
    settle: (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value)),
  }
}

async function settled(promise: Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await promise }
  } catch (error) {
    return { error }
  }
}

function allOf(result: unknown): unknown {
  return Array.isArray(result) ? Promise.all(result) : result
}

function mustBe(now: Binding | undefined, then: Binding | undefined): Binding {
  if (now !== undefined && (then === undefined || then.key === now.key)) return now
  if (now === undefined) {
    throw new TenancyError(
      'NO_TENANT',
      'A query was awaited outside every scope; it was not sent. Write it and await it inside tenancy.run(tenant, fn) or ' +
        'tenancy.runShared(fn), or use the unwrapped sql.',
    )
  }
  throw new TenancyError(
    'WRONG_TENANT',
    `This query was written for ${then!.label} and is sent in the scope of ${now.label}; nothing was run. ` +
      'Write it inside the scope that awaits it.',
    { details: { owner: then!.schema, now: now.schema } },
  )
}

/** Refuses what would end the binding, or stay on a connection that postgres.js gives to others. */
function assertSafe(text: string): void {
  const { control, hiddenControl, leaves, asksSession } = statementFacts(text)
  if (control !== undefined || hiddenControl !== undefined) {
    const verb = (hiddenControl ?? /\w+/.exec(text)?.[0] ?? '').toUpperCase()
    refuse(`The statement ${verb}`, "Use sql.begin('isolation level …', async (sql) => …) and sql.savepoint.")
  }
  if (leaves !== undefined) {
    refuse(
      `A statement that leaves ${leaves} on its connection`,
      'Run it with tenancy.session, or use its LOCAL form in sql.begin.',
    )
  }
  if (asksSession !== undefined) refuse(asksSession, "Use insert … returning, or currval('name_of_the_sequence').")
}

function refuse(what: string, mend: string): never {
  throw new TenancyError('UNSAFE_STATEMENT', `${what} is refused by tenantSql. ${mend}`)
}

interface ServerErrorLike extends Error {
  readonly severity: string
  readonly code: string
  readonly routine?: string
}

/** An error after which the connection goes on. */
function isServerError(error: unknown): error is ServerErrorLike {
  return error instanceof Error && (error as Partial<ServerErrorLike>).severity === 'ERROR'
}

/** A migration changed the columns under a prepared statement; postgres.js has forgotten it by now. */
function isStalePlan(error: unknown): boolean {
  return isServerError(error) && error.code === '0A000' && error.routine === 'RevalidateCachedQuery'
}

/** The type text[]. */
const textArray = 1009
