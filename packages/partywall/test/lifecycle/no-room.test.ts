/**
 * A server without room: on its disk, and for locks. Files cannot grow past a limit of the operating system, which new server processes inherit. Each operation
 * has a named error, leaves nothing half-made, and succeeds when there is room.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTenancy, type Tenancy } from '../../src/index.ts'
import { ownServer } from '../support/servers/own-server.ts'
import { writeFiles } from '../support/tenants/registry.ts'
import { contentOf } from './kills/content.ts'

// Room for some 600 locks.
const server = await ownServer({ max_locks_per_transaction: '10', max_connections: '30', autovacuum: 'off' })
const root = await mkdtemp(join(tmpdir(), 'partywall-no-room-'))
await writeFiles(root, {
  'migrations/shared/.gitkeep': '',
  'migrations/tenant/0001_notes.sql': 'create table notes (id int, text text)',
  'many/0001_tables.sql': Array.from(
    { length: 120 },
    (_, index) => `create table many_${index} (id int primary key, text text);`,
  ).join('\n'),
  'seeds/1_notes.sql': 'insert into notes select n, repeat(md5(n::text), 30) from generate_series(1, 25000) as n',
})
const admin = new Client(server.url)
const opened: Tenancy<any>[] = []
beforeAll(() => admin.connect())
afterAll(async () => {
  for (const tenancy of opened) await tenancy.close()
  await admin.end()
  await rm(root, { recursive: true })
})

/** Each has connections of its own, so a limit of before holds for none of them. */
function open(seeds: string | false = false): Tenancy<any> {
  const tenancy = createTenancy<any>({
    database: server.url,
    root,
    seeds,
    tenantCacheMs: 0,
    migrations: { tenant: { default: 'migrations/tenant', many: 'many' } },
  })
  opened.push(tenancy)
  return tenancy
}

describe.skipIf(process.platform !== 'linux')('with a full disk', () => {
  beforeAll(async () => {
    const tenancy = open()
    await tenancy.tenants.create({ schema: 'big' })
    await admin.query('insert into big.notes select n, repeat(md5(n::text), 30) from generate_series(1, 25000) as n')
  })

  const operations: Readonly<Record<string, { code: string; run: (tenancy: Tenancy<any>) => Promise<unknown> }>> = {
    clone: { code: 'CLONE_FAILED', run: ({ tenants }) => tenants.clone('big', { schema: 'copy' }) },
    'saving a template': {
      code: 'TEMPLATE_UNUSABLE',
      run: ({ templates }) => templates.save('big', { from: 'big', rows: ['notes'] }),
    },
  }

  test.each(Object.keys(operations))('%s fails by name, leaves nothing, and succeeds when there is room', async (name) => {
    const { code, run } = operations[name]!
    const before = await contentOf(admin)
    await limitFiles('20000000')
    const failed = await run(open()).catch((error: unknown) => error)
    await limitFiles('unlimited')
    expect(failed).toMatchObject({ code })
    expect(await contentOf(admin)).toEqual(before)
    await run(open())
    expect(await contentOf(admin)).not.toEqual(before)
  })

  test('a seed that fills the disk leaves a tenant that resume completes', async () => {
    await limitFiles('20000000')
    await expect(open('seeds').tenants.create({ schema: 'seeded' })).rejects.toMatchObject({
      code: 'PROVISION_FAILED',
      details: { step: '1_notes.sql' },
    })
    await limitFiles('unlimited')
    const tenancy = open('seeds')
    expect(await tenancy.tenants.get('seeded')).toMatchObject({ status: 'failed' })
    expect((await admin.query('select count(*)::int from seeded.notes')).rows).toEqual([{ count: 0 }])
    expect(await tenancy.tenants.resume('seeded')).toMatchObject({ status: 'active' })
    expect((await admin.query('select count(*)::int from seeded.notes')).rows).toEqual([{ count: 25_000 }])
  })
})

describe('with a full table of locks', () => {
  test('operations on many tables say so and change nothing, and a deletion needs few locks', async () => {
    const tenancy = open()
    const { tenants, templates } = tenancy
    await admin.query('create schema loose; create schema stock')
    await admin.query(
      Array.from({ length: 120 }, (_, index) => `create table stock.item_${index} (id int primary key)`).join(';'),
    )
    await tenants.create({ schema: 'many', kind: 'many' })
    const before = await contentOf(admin)
    const full = { message: expect.stringContaining('max_locks_per_transaction') }
    await leaveLocks(110)
    try {
      // One after the other: side by side they would also wait for each other's locks.
      const operations: Readonly<Record<string, () => Promise<unknown>>> = {
        MIGRATION_FAILED: () => tenants.create({ schema: 'more', kind: 'many' }),
        CLONE_FAILED: () => tenants.clone('many', { schema: 'many_2' }),
        TEMPLATE_UNUSABLE: () => templates.save('many', { from: 'many' }),
        ADOPTION_REFUSED: () =>
          tenants.adopt({ schema: 'stocked', tables: 'item_*', from: 'stock', at: '0', accept: true, retries: 0 }),
      }
      for (const [code, run] of Object.entries(operations)) await expect(run()).rejects.toMatchObject({ code, ...full })
      const release = tenants.release('many', { to: 'loose', retries: 0 })
      await expect(release).rejects.toMatchObject({ code: 'ADOPTION_REFUSED', ...full })
      await tenants.delete('many', { confirm: 'many' })
    } finally {
      await admin.query('rollback')
    }
    expect(await tenants.find('many')).toBeUndefined()
    await tenants.create({ schema: 'many', kind: 'many' })
    expect(await contentOf(admin)).toEqual(before)
  })
})

/** Of one file, in bytes, for server processes that start from now on. The log of transactions needs 16 MB. */
async function limitFiles(soft: string): Promise<void> {
  const { rows } = await admin.query<{ pid: string }>(`select split_part(pg_read_file('postmaster.pid'), E'\\n', 1) as pid`)
  // The server may run as another user than the tests. What the server writes is read first: a program that ends before that breaks the pipe.
  await admin.query(`copy (select) to program 'cat > /dev/null; prlimit --pid ${rows[0]!.pid} --fsize=${soft}:unlimited'`)
}

/** Other transactions take all locks but this number, and what the server keeps for itself. */
async function leaveLocks(free: number): Promise<void> {
  const spare = new Client(server.url)
  await spare.connect()
  await spare.query('begin')
  await spare.query(`select pg_advisory_xact_lock(n) from generate_series(-${free}, -1) as n`)
  await admin.query('begin')
  let taken = 0
  for (const step of [100, 10, 1]) {
    for (let hasRoom = true; hasRoom; taken += hasRoom ? step : 0) {
      await admin.query('savepoint taken')
      const take = admin.query(`select pg_advisory_xact_lock(n) from generate_series(${taken} + 1, ${taken + step}) as n`)
      hasRoom = await take.then(
        () => true,
        () => false,
      )
      if (!hasRoom) await admin.query('rollback to savepoint taken')
    }
  }
  await spare.end()
}
