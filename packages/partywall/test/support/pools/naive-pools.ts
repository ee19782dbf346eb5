/**
 * Pools as they are often written. The isolation tests also run each attack against one of these, to show that the attack bites: a
 * test that a naive pool passes would prove nothing.
 */
import type { AsyncLocalStorage } from 'node:async_hooks'
import { Client, Pool, type PoolClient, type PoolConfig } from 'pg'

export interface NaiveOptions extends PoolConfig {
  store: AsyncLocalStorage<string>
}

/** Sets the path of the session when a connection is checked out, and relies on every caller doing so. */
export class SetOnCheckoutPool extends Pool {
  readonly #store: AsyncLocalStorage<string>

  constructor({ store, ...config }: NaiveOptions) {
    super(config)
    this.#store = store
  }

  async inTenant<T>(fn: (client: Client) => Promise<T>): Promise<T> {
    const schema = this.#store.getStore()
    const client = await this.connect()
    try {
      if (schema !== undefined) await client.query(`set search_path to "${schema}", public`)
      return await fn(client)
    } finally {
      client.release()
    }
  }
}

/** Reads the current tenant when the statement is sent, which may be in another caller's async context. */
export function storeAtSendTimePool({ store, ...config }: NaiveOptions): Pool {
  class StoreAtSendTimeClient extends Client {
    override query(...args: any[]): any {
      const schema = store.getStore()
      if (schema !== undefined) super.query(`set search_path to "${schema}", public`).catch(() => {})
      return Reflect.apply(super.query, this, args)
    }
  }
  return new Pool({ ...config, Client: StoreAtSendTimeClient as never })
}

/** Sets the path of the session whenever a connection is checked out, and never resets it. */
export class NeverResetPool extends Pool {
  readonly #store: AsyncLocalStorage<string>

  constructor({ store, ...config }: NaiveOptions) {
    super(config)
    this.#store = store
  }

  override connect(callback?: any): any {
    const taken = this.#connect()
    if (callback === undefined) return taken
    taken.then((client) => callback(undefined, client, client.release), callback)
  }

  async #connect(): Promise<PoolClient> {
    const client = await super.connect()
    const schema = this.#store.getStore()
    if (schema !== undefined) await client.query(`set search_path to "${schema}", public`)
    return client
  }
}

/** Sets the path once, when a connection is opened: to that of its first caller. */
export function setOnOpenPool({ store, ...config }: NaiveOptions): Pool {
  return new Pool(config).on('connect', (client) => {
    const schema = store.getStore()
    if (schema !== undefined) client.query(`set search_path to "${schema}", public`).catch(() => {})
  })
}

/** Notes what it set on each connection, to save the round trip. A rollback undoes the setting, but not the note. */
export class NotingPool extends Pool {
  constructor({ store, ...config }: NaiveOptions) {
    class NotingClient extends Client {
      #noted: string | undefined

      override query(...args: any[]): any {
        const [text] = args
        const schema = store.getStore()
        const isControl = /^(begin|start|commit|rollback|savepoint|release)/i.test(text.text ?? text)
        if (schema !== undefined && schema !== this.#noted && !isControl) {
          super.query(`set search_path to "${schema}", public`).catch(() => {})
          this.#noted = schema
        }
        return Reflect.apply(super.query, this, args)
      }
    }
    super({ ...config, Client: NotingClient as never })
  }
}
