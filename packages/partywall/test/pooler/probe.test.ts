import { connect, createServer, type AddressInfo } from 'node:net'
import { Client } from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createTenancy, type Probe } from '../../src/index.ts'
import { testDatabase } from '../support/database.ts'
import { hasPgBouncer, throughPgBouncer } from '../support/pgbouncer.ts'

const { url } = await testDatabase()

function probe(database: string): Promise<Probe> {
  const tenancy = createTenancy({ database, pool: { connectionTimeoutMillis: 10_000 } })
  return tenancy.probe().finally(() => tenancy.close())
}

async function leftovers(): Promise<unknown[]> {
  return query(`select nspname from pg_namespace where nspname like 'partywall\\_probe\\_%'`)
}

async function query(text: string): Promise<unknown[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

/** A proxy that changes what the client says on its way to the server. */
async function meddling(target: string, change: (data: Buffer) => Buffer): Promise<string> {
  const { hostname, port } = new URL(target)
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname)
    client.on('data', (data: Buffer) => upstream.write(change(data)))
    upstream.pipe(client)
    for (const socket of [client, upstream]) {
      socket.on('error', () => {}).on('close', () => (client.destroy(), upstream.destroy()))
    }
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const through = new URL(target)
  through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return through.href
}

/** Puts one text in the place of another of the same length. */
function swap(from: string, to: string): (data: Buffer) => Buffer {
  expect(to.length).toBe(from.length)
  return (data) => Buffer.from(data.toString('latin1').replaceAll(from, to), 'latin1')
}

describe('tenancy.probe', () => {
  it('tells that nothing stands between, proves isolation, and leaves nothing behind', async () => {
    const result = await probe(url)
    expect(result.route).toEqual({ kind: 'direct' })
    expect(result.isolation).toEqual({ proven: true, answers: 200 })
    expect(result.server.version).toMatch(/^1[4-9]\.\d+$/)
    expect(await leftovers()).toEqual([])
  })

  it('says what it could not try, for a role that may not make schemas', async () => {
    const role = `probe_${Date.now()}`
    await query(`create role ${role} login password 'p'`)
    onTestFinished(async () => void (await query(`drop owned by ${role}; drop role ${role}`)))
    const asRole = new URL(url)
    Object.assign(asRole, { username: role, password: 'p' })
    const { isolation } = await probe(asRole.href)
    expect(isolation).toMatchObject({ proven: false, reason: expect.stringContaining('may not make schemas') })
  })

  it('refuses a proxy that loses the path of a statement', async () => {
    const meddled = await meddling(url, swap("set_config('search_path'", "set_config('search.path'"))
    await expect(probe(meddled)).rejects.toMatchObject({
      code: 'UNSAFE_SETUP',
      message: expect.stringContaining('without the path'),
    })
    expect(await leftovers()).toEqual([])
  })

  it('refuses a proxy that answers with the rows of another schema', async () => {
    const meddled = await meddling(url, swap('select owner from probe', "select 'x' as owner;   "))
    await expect(probe(meddled)).rejects.toMatchObject({
      code: 'UNSAFE_SETUP',
      message: expect.stringContaining('rows of another'),
    })
  })

  it('refuses a proxy that lets a statement run when its binding failed', async () => {
    const meddled = await meddling(url, swap('_missing"', '_a"      '))
    await expect(probe(meddled)).rejects.toMatchObject({ code: 'UNSAFE_SETUP', message: expect.stringContaining('had failed') })
  })
})

describe.runIf(hasPgBouncer)(
  'tenancy.probe through PgBouncer (skipped where it is not installed: apt-get install pgbouncer)',
  () => {
    it('names it and its mode, and proves isolation on one server connection', async () => {
      const { route, isolation } = await probe(await throughPgBouncer(url))
      expect(route).toEqual({ kind: 'pooler', mode: 'transaction', product: expect.stringMatching(/^PgBouncer \d/) })
      expect(isolation).toEqual({ proven: true, answers: 200 })
      expect(await leftovers()).toEqual([])
    })

    it('knows session mode', async () => {
      const { route, isolation } = await probe(await throughPgBouncer(url, 'session'))
      expect(route).toMatchObject({ kind: 'pooler', mode: 'session' })
      expect(isolation.proven).toBe(true)
    })

    it('refuses statement mode', async () => {
      const pooled = await throughPgBouncer(url, 'statement')
      await expect(probe(pooled)).rejects.toMatchObject({ code: 'UNSAFE_SETUP', message: expect.stringContaining('pool_mode') })
      expect(await leftovers()).toEqual([])
    })

    it('refuses a path that stays on a session which others are lent', async () => {
      const pooled = await throughPgBouncer(url)
      const meddled = await meddling(pooled, swap('end, true) is null', "end,  'f') is null"))
      await expect(probe(meddled)).rejects.toMatchObject({ code: 'UNSAFE_SETUP', message: expect.stringContaining('stayed on') })
    })
  },
)
