/** The contract for libraries, in the form that a package of a stranger runs: node-postgres keeps it, and pools as they are often written do not. */
import pg from 'pg'
import { createTenancy, type Tenancy } from 'partywall'
import { poolContract, type PoolSubject } from 'partywall/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { serverUrl, testDatabase } from '../support/servers/database.ts'

function subjectOn(pool: pg.Pool, prepare: (client: pg.PoolClient) => Promise<unknown> = async () => {}): PoolSubject {
  const query = async (sql: string, values?: readonly unknown[]) => {
    const client = await pool.connect()
    try {
      await prepare(client)
      return (await client.query(sql, values as unknown[])).rows
    } finally {
      client.release()
    }
  }
  return {
    query,
    async transaction(work) {
      const client = await pool.connect()
      try {
        await prepare(client)
        await client.query('begin')
        const result = await work(async (sql, values) => (await client.query(sql, values as unknown[])).rows)
        await client.query('commit')
        return result
      } catch (error) {
        await client.query('rollback')
        throw error
      } finally {
        client.release()
      }
    },
  }
}

describe('node-postgres', () => {
  const { cases, close } = poolContract({
    open: createTenancy,
    make: ({ pool }) => subjectOn(pool as pg.Pool),
    server: serverUrl(),
  })
  afterAll(close)
  for (const { name, run } of cases) test(`${name}`, run)
})

interface Naive {
  readonly what: string
  /** What it does with a connection that it has got. */
  readonly prepare: (tenancy: Tenancy, client: pg.PoolClient) => Promise<unknown>
  readonly breaks: readonly string[]
}

let last = ''
const naive: readonly Naive[] = [
  {
    what: 'a pool that sets the path of the session, and never resets it',
    prepare: async (tenancy, client) => {
      const schema = tenancy.tryCurrent()?.schema
      if (schema !== undefined) await client.query(`set search_path to "${schema}"`)
    },
    breaks: [
      'is refused outside of every scope, and works inside of one afterwards',
      'is refused when a transaction of one tenant is used in the scope of another',
    ],
  },
  {
    what: 'a pool that keeps the tenant in a variable',
    prepare: async (tenancy, client) => {
      last = tenancy.tryCurrent()?.schema ?? last
      await client.query('select pg_sleep(0.002)')
      await client.query(`set search_path to "${last}"`)
    },
    breaks: [
      'keeps statements apart that are sent at once and wait for a connection',
      'keeps a transaction, and all that it does, in its tenant',
    ],
  },
]

describe.each(naive)('$what', ({ prepare, breaks }) => {
  let url = ''
  const open = (config: object): Tenancy => createTenancy({ ...config, database: url })
  const make = (tenancy: Tenancy): PoolSubject => {
    const pool = new pg.Pool({ connectionString: url, max: 3 })
    return { ...subjectOn(pool, (client) => prepare(tenancy, client)), close: () => pool.end() }
  }
  const { cases, close } = poolContract({ open, make, database: 'postgres://not-yet' })
  afterAll(close)
  test.each(breaks)('breaks: %s', async (name) => {
    if (url === '') ({ url } = await testDatabase())
    await expect(cases.find((one) => one.name === name)!.run()).rejects.toThrow(/expected/i)
  })
})
