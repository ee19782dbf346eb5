/** A cursor or a COPY that fails leaves no message without an answer: behind PgBouncer its idle client would keep the only server session. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Client, Pool, type PoolClient } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { afterAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'
import { startPgBouncer } from '../support/servers/pgbouncer.ts'
import { twoTenantsOn } from '../support/tenants/two-tenants.ts'

const { directUrl } = await testDatabase()
const pooler = await startPgBouncer(directUrl)
afterAll(() => pooler.stop())
const pooled = pooler.through(directUrl)
const { a, b, scope, makePool } = await twoTenantsOn({ url: pooled, directUrl })
const failing = 'select 1 / (3 - n) as n from generate_series(1, 3) as n'

/** Whether another client is served while this pool has an idle one. */
async function othersAreServed(): Promise<boolean> {
  const other = new Client({ connectionString: pooled, query_timeout: 1000 })
  await other.connect()
  try {
    return (await other.query('select 1')).rows.length === 1
  } catch {
    return false
  } finally {
    await other.end()
  }
}

/** Fails at its third row, and is closed before the server says that it is ready again: that answer needs a round trip more. */
async function fail(client: { query(cursor: Cursor): Cursor }): Promise<void> {
  const cursor = client.query(new Cursor(failing))
  await expect(cursor.read(3)).rejects.toThrow(/division by zero/)
  await cursor.close()
}

test('bites: with pg alone, the idle client keeps the server session', async () => {
  const pool = new Pool({ connectionString: pooled, max: 1 })
  const client = await pool.connect()
  const cursor = client.query(new Cursor(failing))
  await expect(cursor.read(3)).rejects.toThrow(/division by zero/)
  // A Close that reaches PgBouncer before this answer is sent along with it; behind it, the session is kept. Its promise waits for an answer that does not come.
  await once((cursor as unknown as { connection: NodeJS.EventEmitter }).connection, 'readyForQuery')
  void cursor.close()
  client.release()
  expect(await othersAreServed()).toBe(false)
  await pool.end()
  expect(await othersAreServed()).toBe(true)
})

test('a cursor that failed, and is closed afterwards, leaves the session to others', async () => {
  const pool = makePool({ max: 1 })
  for (const tenant of [a, b]) {
    await scope.run(tenant, async () => {
      const client = await pool.connect()
      await fail(client)
      client.release()
    })
    expect(await othersAreServed()).toBe(true)
  }
})

test('a stream that failed leaves the session to others', async () => {
  const pool = makePool({ max: 1 })
  await scope.run(a, async () => {
    const client = await pool.connect()
    const stream = client.query(new QueryStream(failing, [], { batchSize: 1 }))
    await expect(Array.fromAsync(stream)).rejects.toThrow(/division by zero/)
    client.release()
  })
  expect(await othersAreServed()).toBe(true)
})

test('a cursor that failed in a transaction leaves the session when the transaction ends', async () => {
  const pool = makePool({ max: 1 })
  await scope.run(a, async () => {
    const client = await pool.connect()
    await client.query('begin')
    await fail(client)
    await client.query('rollback')
    client.release()
  })
  expect(await othersAreServed()).toBe(true)
})

describe('COPY', () => {
  const database = new URL(directUrl).pathname.slice(1)

  /** A bad row, and the end of the COPY when PgBouncer has the answer to that row and has taken the server session back. The answer is on its way to the client. */
  async function failToCopy(client: PoolClient): Promise<void> {
    const stream = client.query(copyFrom('copy notes from stdin'))
    const failed = once(stream, 'error')
    // It has its connection when it is sent.
    await new Promise((resolve) => stream.write('1\tone\n', resolve))
    const { stream: socket } = (stream as unknown as { connection: { stream: Socket } }).connection
    socket.pause()
    stream.write('no number\tx\n')
    await pooler.untilReleased(database)
    stream.end()
    socket.resume()
    expect(await failed).toMatchObject([{ code: '22P02' }])
  }

  test('bites: with pg alone, the idle client keeps the server session', async () => {
    const pool = new Pool({ connectionString: pooled, max: 1 })
    const client = await pool.connect()
    await failToCopy(client)
    client.release()
    expect(await othersAreServed()).toBe(false)
    await pool.end()
    expect(await othersAreServed()).toBe(true)
  })

  test('whose rows still come when it has failed leaves the session to others', async () => {
    const pool = makePool({ max: 1 })
    for (const tenant of [a, b]) {
      await scope.run(tenant, async () => {
        const client = await pool.connect()
        await failToCopy(client)
        client.release()
      })
      expect(await othersAreServed()).toBe(true)
    }
  })
})
