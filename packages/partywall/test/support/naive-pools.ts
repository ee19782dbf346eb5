/**
 * Pools as people write them. The isolation tests run each attack against one of these too, to show that the attack bites: a
 * test that a naive pool passes would prove nothing.
 */
import type { AsyncLocalStorage } from 'node:async_hooks'
import { Client, Pool, type PoolConfig } from 'pg'

export interface NaiveOptions extends PoolConfig {
  store: AsyncLocalStorage<string>
}

/** Sets the path of the session when a connection is taken, and trusts that everybody does. */
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

/** Reads who the tenant is at the moment when the statement goes out, which may be in another caller's async context. */
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
