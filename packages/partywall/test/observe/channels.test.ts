/** What the rooms tell on their channels: for each scope, statement, wait and lookup a message with its own tenant, whatever the async context. */
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import { expect, onTestFinished, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import type {
  LookedUp,
  PoolWaited,
  ScopeEntered,
  ScopeLeft,
  StatementEnded,
  StatementIssued,
  StatementRefused,
} from '../../src/index.ts'
import { heardOn, onServer, twoObserved } from './two.ts'

const { url, directUrl, tenancy, acme, globex } = await twoObserved({ pool: { max: 4 } })
const byTenant = ({ tenant }: { readonly tenant?: { readonly schema: string } }): string => tenant?.schema ?? 'none'
const ofTenants = <M extends { readonly tenant?: object }>(all: readonly M[]): M[] =>
  all.filter(({ tenant }) => tenant !== undefined)

test('scopes are told with their tenants, nested and at the same time, and their ends with what they threw', async () => {
  const [entered, left] = [heardOn<ScopeEntered>('scope.entered'), heardOn<ScopeLeft>('scope.left')]
  await tenancy.run(acme, () => tenancy.runShared(() => tenancy.run(globex, () => 7)))
  expect(entered.map(byTenant)).toEqual(['acme', 'none', 'globex'])
  expect(entered.map(({ kind }) => kind)).toEqual(['tenant', 'shared', 'tenant'])
  expect(left.map(byTenant)).toEqual(['globex', 'none', 'acme'])
  expect(left.every(({ tenancy: of, durationMs }) => of === tenancy.options && durationMs >= 0)).toBe(true)
  const failure = new Error('on purpose')
  await expect(tenancy.run(acme, () => Promise.reject(failure))).rejects.toBe(failure)
  expect(left.at(-1)).toMatchObject({ tenant: acme, error: failure })
})

test('a statement is told with its tenant, its rows, its time and its bytes', async () => {
  const [issued, ended] = [heardOn<StatementIssued>('statement.issued'), heardOn<StatementEnded>('statement.ended')]
  await tenancy.run(acme, () => tenancy.pool.query('select * from items where id <= $1', [2]))
  expect(ofTenants(issued)).toMatchObject([{ schema: 'acme', tenant: acme, text: 'select * from items where id <= $1' }])
  const [statement] = ofTenants(ended)
  expect(statement).toMatchObject({ tenant: acme, rows: 2, tenancy: tenancy.options })
  expect(statement!.durationMs).toBeGreaterThan(0)
  expect(statement!.bytesSent).toBeGreaterThan('select * from items where id <= $1'.length)
  expect(statement!.bytesReceived).toBeGreaterThan(40)
  expect(statement).not.toHaveProperty('error')
})

test('a text of several statements counts the rows of all, and writes count as rows', async () => {
  const ended = heardOn<StatementEnded>('statement.ended')
  await tenancy.run(acme, () => tenancy.pool.query('select 1; select * from items'))
  await tenancy.run(acme, () => tenancy.pool.query('update items set owner = owner'))
  expect(ofTenants(ended).map(({ rows }) => rows)).toEqual([4, 3])
})

test('statements of tenants on one connection are told with their own tenants, which the scope of the subscriber is not', async () => {
  const narrow = createTenancy({ database: url, migrations: { shared: false, tenant: false }, pool: { max: 1 } })
  onTestFinished(() => narrow.close())
  const [first, second] = [await narrow.tenants.get('acme'), await narrow.tenants.get('globex')]
  const ended = heardOn<StatementEnded>('statement.ended')
  const { subscribe, unsubscribe } = await import('node:diagnostics_channel')
  const byScope: string[] = []
  // The naive reader: it asks for the current tenant.
  const naive = (message: unknown): void => {
    if ((message as StatementEnded).tenant !== undefined) byScope.push(narrow.tryCurrent()?.schema ?? 'none')
  }
  subscribe('partywall:statement.ended', naive)
  onTestFinished(() => void unsubscribe('partywall:statement.ended', naive))
  const owners = await Promise.all(
    Array.from({ length: 30 }, (_, number) =>
      narrow.run(number % 2 === 0 ? first : second, async () => {
        const { rows } = await narrow.pool.query('select owner from items where id = $1 -- ' + number, [1])
        return rows[0].owner as string
      }),
    ),
  )
  const told = new Map(ofTenants(ended).map((message) => [Number(message.text.split('-- ')[1]), byTenant(message)]))
  expect(owners.map((_, number) => told.get(number))).toEqual(owners)
  const expected = ofTenants(ended).map(byTenant)
  expect(byScope).not.toEqual(expected)
})

test('a failed statement is told with its error, and a refused one with its code', async () => {
  const [ended, refused] = [heardOn<StatementEnded>('statement.ended'), heardOn<StatementRefused>('statement.refused')]
  await expect(tenancy.run(acme, () => tenancy.pool.query('select * from absent'))).rejects.toThrow('absent')
  expect(ofTenants(ended)).toMatchObject([{ tenant: acme, error: { code: '42P01' }, rows: 0 }])
  expect(refused).toEqual([])
  await expect(tenancy.pool.query('select 1')).rejects.toMatchObject({ code: 'NO_TENANT' })
  await expect(tenancy.run(acme, () => tenancy.pool.query('begin'))).rejects.toMatchObject({ code: expect.any(String) })
  await tenancy.run(acme, async () => {
    const client = await tenancy.pool.connect()
    await expect(tenancy.run(globex, () => client.query('select 1'))).rejects.toMatchObject({ code: 'WRONG_TENANT' })
    client.release()
  })
  expect(refused.map(({ code, tenant }) => [code, tenant?.schema])).toEqual([
    ['NO_TENANT', undefined],
    [expect.any(String), 'acme'],
    ['WRONG_TENANT', 'acme'],
  ])
  expect(ofTenants(ended)).toHaveLength(1)
})

test('a cancelled statement is told as failed, once', async () => {
  const ended = heardOn<StatementEnded>('statement.ended')
  await tenancy.run(acme, async () => {
    const client = await tenancy.pool.connect()
    const { rows } = await client.query('select pg_backend_pid() as pid')
    const sleeping = client.query('select pg_sleep(60)')
    const cancel = async (): Promise<void> =>
      onServer(directUrl, async (admin) => {
        for (;;) {
          const { rows: cancelled } = await admin.query(
            `select pg_cancel_backend(pid) from pg_stat_activity where pid = $1 and state = 'active' and query like 'select pg_sleep%'`,
            [rows[0].pid],
          )
          if (cancelled.length > 0) return
        }
      })
    await Promise.all([expect(sleeping).rejects.toMatchObject({ code: '57014' }), cancel()])
    client.release()
  })
  expect(ofTenants(ended).map(({ error }) => (error as { code?: string } | undefined)?.code)).toEqual([undefined, '57014'])
})

test('a cursor and COPY are told at their ends, with their rows', async () => {
  const ended = heardOn<StatementEnded>('statement.ended')
  await tenancy.run(globex, async () => {
    const client = await tenancy.pool.connect()
    const cursor = client.query(new Cursor('select * from items order by id'))
    expect(await cursor.read(2)).toHaveLength(2)
    expect(ofTenants(ended)).toEqual([])
    await cursor.close()
    expect(ofTenants(ended)).toMatchObject([{ tenant: globex, rows: 2 }])
    await pipeline(Readable.from(['10\tnew\n', '11\tnew\n']), client.query(copyFrom('copy items from stdin')))
    const copied = client.query(copyTo('copy items to stdout'))
    await copied.toArray()
    await client.query(`delete from items where id >= 10`)
    client.release()
  })
  expect(ofTenants(ended).map(({ text, rows }) => [text.split(' ')[0], rows])).toEqual([
    ['select', 2],
    ['copy', 2],
    ['copy', 5],
    ['delete', 2],
  ])
})

test('a session is told as its tenant', async () => {
  const ended = heardOn<StatementEnded>('statement.ended')
  await tenancy.session(acme, (client) => client.query('vacuum items'))
  expect(ofTenants(ended)).toMatchObject([{ tenant: acme, text: 'vacuum items', schema: 'acme' }])
})

test('waiting for a connection is told, also when none came', async () => {
  const narrow = createTenancy({
    database: url,
    migrations: { shared: false, tenant: false },
    pool: { max: 1, connectionTimeoutMillis: 200 },
  })
  onTestFinished(() => narrow.close())
  const waited = heardOn<PoolWaited>('pool.waited')
  await narrow.run('acme', async () => {
    const client = await narrow.pool.connect()
    await expect(narrow.pool.query('select 1')).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' })
    client.release()
  })
  const ofTenant = waited.filter(({ pool }) => pool === 'tenants')
  expect(ofTenant.map(byTenant)).toEqual(['acme', 'acme'])
  expect(ofTenant[1]).toMatchObject({ error: { code: 'POOL_EXHAUSTED' }, tenancy: narrow.options })
  expect(ofTenant[1]!.durationMs).toBeGreaterThan(100)
  expect(waited.some(({ pool }) => pool === 'shared')).toBe(true)
})

test('lookups are told by whether the cache answered', async () => {
  const fresh = createTenancy({ database: url, migrations: { shared: false, tenant: false }, tenantCacheMs: 60_000 })
  onTestFinished(() => fresh.close())
  const lookups = heardOn<LookedUp>('lookup')
  await fresh.tenants.find('acme')
  await fresh.tenants.find('acme')
  await fresh.tenants.find('unknown_one')
  await fresh.tenants.find('unknown_one')
  expect(lookups.map(({ hit }) => hit)).toEqual([false, true, false, true])
  expect(lookups.every(({ tenancy: of }) => of === fresh.options)).toBe(true)
})
