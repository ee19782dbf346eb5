/** Partywall and the usual ways of writing it by hand, each doing the same piece of work: the point query for a tenant that `pick` names. */
import { Pool, type PoolClient, type PoolConfig } from 'pg'
import { createTenancy, type Config } from 'partywall'
import { pointQuery, schemaOf, tenantsOf } from './fleet.ts'
import type { Contestant } from '../measuring/rounds.ts'

/** What all contestants are given. */
export interface Setup {
  readonly url: string
  /** How many tenants there are. */
  readonly tenants: number
  readonly connections: number
  readonly pick: () => number
}

/** No contestant closes idle connections: it would lose its warm backends during the turns of the others. */
const kept = { idleTimeoutMillis: 0 } satisfies PoolConfig

/** A pool of pg that ignores the errors of idle connections: they only tell that the server was stopped. */
function plainPool(url: string, max: number): Pool {
  return new Pool({ connectionString: url, max, ...kept }).on('error', () => {})
}

/** A contestant whose connections can all be checked out at once, to open or to measure them. */
export interface PooledContestant extends Contestant {
  withAll<T>(fn: (clients: PoolClient[]) => Promise<T>): Promise<T>
}

export async function partywall({ url, tenants, connections, pick }: Setup, options: Config = {}): Promise<PooledContestant> {
  const tenancy = createTenancy({ ...options, database: url, pool: { max: connections, ...kept } })
  const found = await tenantsOf(tenancy, tenants)
  return {
    name: 'partywall',
    work: () => tenancy.run(found[pick()]!, () => tenancy.pool.query(pointQuery, [10])),
    withAll: (fn) => tenancy.runShared(() => withAll(tenancy.pool, connections, fn)),
    close: () => tenancy.close(),
  }
}

/** The upper bound of the speed: no tenancy at all, the name of the schema is part of the statement. */
export function qualified({ url, connections, pick }: Setup): PooledContestant {
  const pool = plainPool(url, connections)
  return {
    name: 'qualified',
    work: () => pool.query(pointQuery.replace('items', `${schemaOf(pick())}.items`), [10]),
    withAll: (fn) => withAll(pool, connections, fn),
    close: () => pool.end(),
  }
}

async function withAll<T>(pool: Pool, count: number, fn: (clients: PoolClient[]) => Promise<T>): Promise<T> {
  const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()))
  try {
    return await fn(clients)
  } finally {
    for (const client of clients) client.release()
  }
}

/** Sets the search path when a connection is checked out, and resets it before it goes back. */
export function setOnCheckout({ url, connections, pick }: Setup): Contestant {
  const pool = plainPool(url, connections)
  return {
    name: 'set-on-checkout',
    async work() {
      const client = await pool.connect()
      try {
        await client.query(`set search_path to "${schemaOf(pick())}", public`)
        await client.query(pointQuery, [10])
        await client.query('reset search_path')
      } finally {
        client.release()
      }
    },
    close: () => pool.end(),
  }
}

/** Sets the search path for one transaction around the query. */
export function transaction({ url, connections, pick }: Setup): Contestant {
  const pool = plainPool(url, connections)
  return {
    name: 'transaction',
    async work() {
      const client = await pool.connect()
      try {
        await client.query('begin')
        await client.query(`set local search_path to "${schemaOf(pick())}", public`)
        await client.query(pointQuery, [10])
        await client.query('commit')
      } finally {
        client.release()
      }
    },
    close: () => pool.end(),
  }
}
