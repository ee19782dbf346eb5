/**
 * The pool of a tenancy for a library that ends its pool: it lends the same clients, but ending it ends nothing. The pool serves other
 * parts of the program, too, and `tenancy.close()` ends it.
 */
import type { ClientBase, Pool, PoolClient } from 'pg'

type ConnectCallback = (
  error: Error | undefined,
  client: PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void
type PoolEvent = 'acquire' | 'connect' | 'error' | 'release' | 'remove'

// The name must hold "Pool": some libraries recognise a pool by the name of its class.
export class LentPool {
  /** A minifier may rename the class; it must not change this name. */
  static readonly name: string = 'LentPool'
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  connect(): Promise<PoolClient>
  connect(callback: ConnectCallback): void
  connect(callback?: ConnectCallback): Promise<PoolClient> | void {
    return callback === undefined ? this.#pool.connect() : this.#pool.connect(callback)
  }

  /** Libraries end the pool that they were given; this one belongs to the tenancy. */
  async end(callback?: () => void): Promise<void> {
    callback?.()
  }

  /** The class for connections beside the pool: Kysely cancels an aborted query on one. */
  get Client(): new (options: any) => any {
    return (this.#pool as unknown as { Client: new (options: any) => any }).Client
  }

  get options(): object {
    return this.#pool.options
  }

  get ending(): boolean {
    return this.#pool.ending
  }

  on(event: PoolEvent, listener: (error: Error, client: ClientBase) => void): this {
    this.#pool.on(event as 'error', listener)
    return this
  }

  removeListener(event: PoolEvent, listener: (error: Error, client: ClientBase) => void): this {
    this.#pool.removeListener(event as 'error', listener)
    return this
  }
}
