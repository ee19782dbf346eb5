/**
 * Surroundings for attacks in which the tenancy is as it is often written: one of the naive pools, and no check of names. An attack that every boundary promises
 * to hold must succeed against one of them; otherwise "held" would mean nothing.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Client, Pool, type PoolClient } from 'pg'
import type { Attack, Outcome } from '../../src/attack/groups/attack.ts'
import type { World } from '../../src/attack/groups/world.ts'
import {
  NeverResetPool,
  NotingPool,
  SetOnCheckoutPool,
  setOnOpenPool,
  storeAtSendTimePool,
} from '../support/pools/naive-pools.ts'

type Store = AsyncLocalStorage<string>

/** A scope in a variable, which an error does not set back. */
class VariableStore extends AsyncLocalStorage<string> {
  #current: string | undefined

  override getStore(): string | undefined {
    return this.#current
  }

  override run(schema: string, fn: (...args: any[]) => any): any {
    const before = this.#current
    this.#current = schema
    return fn().then((result: unknown) => {
      this.#current = before
      return result
    })
  }
}

/** By how they fail. */
const naivePools: Record<string, (connectionString: string, store: Store, max: number) => Pool> = {
  'keeps the scope after an error': (connectionString, store, max) => new NeverResetPool({ connectionString, store, max }),
  'never resets': (connectionString, store, max) => new NeverResetPool({ connectionString, store, max }),
  'sets when it sends': (connectionString, store, max) => storeAtSendTimePool({ connectionString, store, max }),
  'sets when it opens': (connectionString, store, max) => setOnOpenPool({ connectionString, store, max }),
  'notes what it set': (connectionString, store, max) => new NotingPool({ connectionString, store, max }),
  'sets on checkout': (connectionString, store, max) => new SetOnCheckoutPool({ connectionString, store, max }),
  'lends one client to all': (connectionString, store) => oneForAll(connectionString, store),
  'binds by unqualified names': (connectionString, store, max) => unqualifiedPool(connectionString, store, max),
}

/** The names of the naive pools that let the attack succeed. */
export async function naivePoolsThatFail(
  attack: Attack,
  surroundings: Omit<World, 'one' | 'two' | 'isDirect' | 'run' | 'runShared' | 'session' | 'runOutside' | 'bind' | 'mayBeSchema'>,
  connectionString: string,
): Promise<string[]> {
  const failing: string[] = []
  for (const [name, make] of Object.entries(naivePools)) {
    const store: Store = name === 'keeps the scope after an error' ? new VariableStore() : new AsyncLocalStorage()
    const [one, two] = [make(connectionString, store, 1), make(connectionString, store, 2)]
    for (const pool of [one, two]) pool.on('error', () => {})
    const world: World = {
      ...surroundings,
      one,
      two,
      isDirect: true,
      run: (who, fn) => store.run(who.schema, async () => await fn()) as Promise<any>,
      runShared: (fn) => store.run('public', async () => await fn()) as Promise<any>,
      session: (who, fn) =>
        store.run(who.schema, async () => {
          const client = await one.connect()
          return await fn(client).finally(() => client.release())
        }),
      runOutside: (fn) => store.exit(fn),
      // An emitter calls its listeners in the context of the code that emits.
      bind: (fn) => fn,
      mayBeSchema: () => true,
    }
    const outcome = await Promise.race([attack.run(world).catch(asOutcome), late()])
    if (outcome.state === 'not held') failing.push(name)
    await Promise.all([one, two].map((pool) => Promise.race([pool.end(), late()])))
    if (failing.length > 0) break
  }
  return failing
}

function asOutcome(error: unknown): Outcome {
  return { state: 'not tried', reason: String(error) }
}

async function late(): Promise<Outcome> {
  return new Promise((resolve) => setTimeout(() => resolve({ state: 'not tried', reason: 'late' }), 1000).unref())
}

/** Every checkout is the same client, with the path of the last caller. */
function oneForAll(connectionString: string, store: Store): Pool {
  const client = new Client(connectionString)
  client.on('error', () => {})
  let connected: Promise<unknown> | undefined
  const take = async (): Promise<PoolClient> => {
    connected ??= client.connect()
    await connected
    const schema = store.getStore()
    if (schema !== undefined) await client.query(`set search_path to "${schema}", public`)
    return Object.assign(client, { release: () => {} }) as unknown as PoolClient
  }
  return {
    connect: take,
    query: async (...args: Parameters<Client['query']>) => (await take()).query(...args),
    end: () => client.end(),
    on: () => {},
  } as unknown as Pool
}

/** Checks and sets the path before each query, with names that the tenant's schema may have, too. */
function unqualifiedPool(connectionString: string, store: Store, max: number): Pool {
  class UnqualifiedClient extends Client {
    override query(...args: any[]): any {
      const schema = store.getStore()
      const path = `'"${schema}", pg_catalog'`
      const binding = `select set_config('search_path', ${path}, false) where '"${schema}"'::regnamespace <> '1'::oid`
      if (schema !== undefined) super.query(binding).catch(() => {})
      return Reflect.apply(super.query, this, args)
    }
  }
  return new Pool({ connectionString, max, Client: UnqualifiedClient as never })
}
