// What the suites get for "pg": pg itself, with the pool that is tested, and with a client that comes out of that pool.
import pg from 'pg'
import { PooledClient } from './pooled-client.js'
import { Pool } from './subject-pool.js'

// The tests of pg-pool replace methods of pg's own client, by which both pools connect.
export const Client = process.env.NODE_POSTGRES_CLIENT === 'pooled' ? PooledClient : pg.Client
export const { types, defaults, Query, DatabaseError, TypeOverrides } = pg
const subject = Object.create(pg, {
  Client: { value: Client, enumerable: true },
  Pool: { value: Pool, enumerable: true },
})
export { Pool, subject as default, subject as 'module.exports' }
