/** The shapes of postgres.js 3.4.9 that the adapter relies on, and its queries as text. Not all of them are in its types. */

/** The part of postgres.js that the adapter uses. */
export interface SqlLike {
  (...args: any[]): any
  readonly options: OptionsLike
  unsafe(text: string, args?: any[], options?: object): QueryLike
  begin(...args: any[]): Promise<any>
  end(options?: { timeout?: number | undefined }): Promise<void>
  close(): Promise<void>
}

interface OptionsLike {
  readonly fetch_types: boolean
  /** Read for each query that is sent. */
  prepare: boolean
  readonly parsers: Record<number, unknown>
  readonly serializers: Record<number, unknown>
  /** Read when a connection is made, and called whenever it has closed. */
  backoff: number | ((retries: number) => number)
}

/** A connection; postgres.js passes it to the `onexecute` of a query. */
export interface ConnectionLike {
  /** Sends a query; true when another may follow at once. */
  execute(query: QueryLike): unknown
  /**
   * When it is set, the connection is held. It is called whenever everything that was sent is answered, until the server is outside a
   * transaction; then postgres.js takes the connection back. With `release` it does not take it back.
   */
  reserved: ((() => void) & { release?: boolean }) | null
  onclose?: ((error: unknown) => void) | null
  /** Closes it. The next query opens it again. */
  terminate(): void
}

/** Sends a request to cancel the query that runs, or takes a query that was not sent out of the queue. */
export type Canceller = (query: Pick<QueryLike, 'state' | 'reject'> & { readonly active?: boolean }) => Promise<unknown>

export interface TransactionLike {
  (...args: any[]): any
  unsafe(text: string, args?: any[], options?: object): QueryLike
  savepoint(...args: any[]): Promise<any>
}

/** A query of postgres.js: a promise whose handler sends it when it is first awaited. */
export interface QueryLike extends Promise<any> {
  handler: (query: QueryLike) => void
  strings: readonly string[]
  args: readonly unknown[]
  readonly options: { simple?: boolean }
  readonly streaming?: boolean
  cancelled?: unknown
  /** What `cancel()` calls, once. */
  canceller: Canceller | null
  /** Its session on the server; null until it is sent. */
  readonly state: object | null
  /** The server runs it now. */
  active: boolean
  executed: boolean
  /** Executed by the name of a statement that was prepared earlier. */
  prepared: boolean
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
}

/** The same function with other methods; its queries go through `take`. */
export function wrap<F extends object>(sql: F, take: (query: QueryLike) => QueryLike, methods: Record<string, unknown>): F {
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

/** The text as the server will see it, except for the numbers of parameters. */
export function textOf({ strings, args }: QueryLike): string {
  return strings.map((part, index) => (index === 0 ? part : `${partOf(args[index - 1])}${part}`)).join('')
}

function partOf(arg: unknown): string {
  if (Array.isArray(arg)) return arg.map(partOf).join(' ')
  return isQuery(arg) ? textOf(arg) : ' $1 '
}

/**
 * A prepared statement holds the types of one schema, and postgres.js finds it by its text: the text must contain the tenant.
 * @param key that of the binding
 * @param stale how often the plans of this binding were found stale
 */
export function ownText(query: QueryLike, key: string, stale: number): void {
  const parts = [...query.strings]
  parts.push(`${parts.pop()} /* ${encodeURIComponent(key).replaceAll('*', '')}${stale === 0 ? '' : ` ${stale}`} */`)
  query.strings = parts
}
