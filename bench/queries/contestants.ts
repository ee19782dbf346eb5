/** Partywall and what people do today, each doing the same piece of work: the point query for a tenant that `pick` names. */
import { Pool, type PoolClient, type PoolConfig } from 'pg'
import { createTenancy, type Tenancy, type Tenant } from 'partywall'
import { pointQuery, schemaOf } from './fleet.ts'
import type { Contestant } from '../measuring/rounds.ts'

export interface Ring {
  readonly url: string
  readonly tenants: readonly Tenant[]
  readonly connections: number
  readonly pick: () => number
}

/** No contestant closes idle connections: whose turn it is not would lose its warm backends. */
const kept = { idleTimeoutMillis: 0 } satisfies PoolConfig

/** Whoever stops the server first ends the connections; that is nobody's error here. */
function plain(url: string, max: number): Pool {
  return new Pool({ connectionString: url, max, ...kept }).on('error', () => {})
}

/** A contestant whose connections can be taken all at once, to open or to measure them. */
export interface Opened extends Contestant {
  withAll<T>(fn: (clients: PoolClient[]) => Promise<T>): Promise<T>
}

export function partywall({ url, tenants, connections, pick }: Ring): Opened & { readonly tenancy: Tenancy<any> } {
  const tenancy = createTenancy({ database: url, pool: { max: connections, ...kept } })
  return {
    name: 'partywall',
    tenancy,
    work: () => tenancy.run(tenants[pick()]!, () => tenancy.pool.query(pointQuery, [10])),
    withAll: (fn) => tenancy.runShared(() => withAll(tenancy.pool, connections, fn)),
    close: () => tenancy.close(),
  }
}

/** The upper bound: no tenancy at all, the schema written into the text. */
export function qualified({ url, connections, pick }: Ring): Opened {
  const pool = plain(url, connections)
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

export function setOnCheckout({ url, connections, pick }: Ring): Contestant {
  const pool = plain(url, connections)
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

export function transaction({ url, connections, pick }: Ring): Contestant {
  const pool = plain(url, connections)
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
