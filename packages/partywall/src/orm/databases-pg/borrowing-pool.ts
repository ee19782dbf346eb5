/**
 * Stands in for the pool of @databases/pg. It lends clients of tenancy.pool, taken in the scope of the call, with the library's own driver
 * around them, which knows transactions, streams and errors.
 */
import { EventEmitter } from 'node:events'
import type { Pool, PoolClient, QueryConfig } from 'pg'
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import { readCursorWith, type TypesLike } from '../shared/reading-types.ts'

/** The types of @databases/pg: which parser reads which type. */
export interface PreparedTypes extends TypesLike {
  /** Settles the option "types", whose function may ask the server for numbers. */
  prepareOverrides(typeOf: TypeOf): Promise<void>
}

/** The number of a type by its name. */
export type TypeOf = (name: string) => Promise<number>

export interface Borrowed {
  readonly connection: object
  release(): void
  dispose(): void
}

export class BorrowingPool {
  readonly #pool: Pool
  readonly #types: PreparedTypes
  readonly #typeOf: TypeOf
  readonly #drive: (client: EventEmitter) => object
  readonly #lent = new Set<Promise<void>>()
  #prepared: Promise<void> | undefined

  /** @param drive puts the library's own driver around a client */
  constructor(pool: Pool, types: PreparedTypes, typeOf: TypeOf, drive: (client: EventEmitter) => object) {
    this.#pool = pool
    this.#types = types
    this.#typeOf = typeOf
    this.#drive = drive
  }

  async getConnection(): Promise<Borrowed> {
    // Taken before anything is awaited: the current scope is the caller's.
    const taken = this.#pool.connect()
    const client = new BorrowedClient(await taken, this.#types)
    try {
      await this.#prepareTypes()
      const connection = this.#drive(client)
      this.#track(client)
      // The pool decides for itself whether a connection can be reused.
      const end = (): void => void client.end()
      return { connection, release: end, dispose: end }
    } catch (error) {
      await client.end()
      throw error
    }
  }

  /** What @databases/pg waits for in `dispose()`. */
  async drain(): Promise<void> {
    await Promise.all(this.#lent)
  }

  async #prepareTypes(): Promise<void> {
    this.#prepared ??= this.#types.prepareOverrides(this.#typeOf)
    try {
      await this.#prepared
    } catch (error) {
      this.#prepared = undefined
      throw error
    }
  }

  #track(client: BorrowedClient): void {
    const ended = happened(client, 'end').then(() => void this.#lent.delete(ended))
    this.#lent.add(ended)
  }
}

/** What the driver uses as a client of its own. */
class BorrowedClient extends EventEmitter {
  readonly #client: PoolClient
  readonly #types: TypesLike
  #cursor: Promise<unknown> = Promise.resolve()

  constructor(client: PoolClient, types: TypesLike) {
    super()
    this.#client = client
    this.#types = types
    client.on('error', this.#onError)
  }

  query(config: any, values?: unknown[]): unknown {
    if (typeof config === 'string') return this.#client.query({ text: config, values: values ?? [], types: this.#types })
    if (typeof config.submit !== 'function') return this.#client.query({ ...withoutSetConfig(config), types: this.#types })
    readCursorWith(this.#types, config)
    this.#cursor = closed(config, this.#client)
    return this.#client.query(config)
  }

  async end(): Promise<void> {
    await this.#cursor
    this.#client.off('error', this.#onError)
    this.#client.release()
    this.emit('end')
  }

  readonly #onError = (error: Error): void => void this.emit('error', error)
}

/** The driver sets timeouts of a transaction by a function that the role of a tenant may not be allowed to call; a statement needs no right. */
function withoutSetConfig(config: QueryConfig): QueryConfig {
  if (config.text !== 'SELECT set_config($1, $2, TRUE);') return config
  const [name, value] = config.values as readonly string[]
  return { text: `set local ${identifier(name!)} to ${literal(value!)}` }
}

/** A client must not go back before its cursor is closed. A cursor that failed emits the error before the server is ready again. */
async function closed(cursor: EventEmitter, client: PoolClient): Promise<void> {
  const { connection } = client as unknown as { readonly connection: EventEmitter }
  const lost = happened(client, 'end')
  const ready = happened(cursor, 'error').then(() => happened(connection, 'readyForQuery'))
  await Promise.race([happened(cursor, 'end'), ready, lost])
}

/** Resolves at the event. `once` of Node would fail at an "error" that comes before it. */
function happened(emitter: Pick<EventEmitter, 'once'>, event: string): Promise<unknown> {
  return new Promise((resolve) => emitter.once(event, resolve))
}
