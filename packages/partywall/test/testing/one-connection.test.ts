/** The server with one connection, to which a test's app connects: what it keeps, what it undoes, and what it refuses. */
import pg from 'pg'
import Cursor from 'pg-cursor'
import { from as copyFrom } from 'pg-copy-streams'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { afterAll, beforeEach, afterEach, expect, onTestFinished, test } from 'vitest'
import { OneConnection } from '../../src/database/one-connection/one-connection.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const admin = new pg.Client(url)
await admin.connect()
await admin.query(`
  create table items (id int primary key, name text);
  create table parents (id int primary key);
  create table children (id int primary key, parent int references parents deferrable initially deferred);
`)
const one = await OneConnection.open({ connectionString: url }, { waitMs: 300 })
afterAll(async () => {
  await one.close()
  await admin.end()
})
let depth = 0
beforeEach(async () => void (depth = await one.begin()))
afterEach(async () => {
  await one.rollBack(depth)
  expect((await admin.query('select count(*)::int as n from items')).rows).toEqual([{ n: 0 }])
})

async function client(options: pg.ClientConfig = {}): Promise<pg.Client> {
  const made = new pg.Client({ connectionString: one.url, ...options })
  made.on('error', () => {})
  await made.connect()
  onTestFinished(() => made.end())
  return made
}

const names = async (from: pg.Client | pg.Pool): Promise<string[]> =>
  (await from.query('select name from items order by id')).rows.map(({ name }) => name)

test('all clients see one transaction, and it is undone', async () => {
  const [a, b] = [await client(), await client()]
  expect((await a.query(`insert into items values (1, 'a')`)).command).toBe('INSERT')
  expect(await names(b)).toEqual(['a'])
  expect((await admin.query('select from items')).rowCount).toBe(0)
})

test('a client that connects in the middle of the transaction of another one is not told what holds there only', async () => {
  const a = await client()
  await a.query('begin')
  await a.query(`set local timezone to 'Asia/Tokyo'`)
  const told: string[] = []
  const b = new pg.Client(one.url)
  const { connection } = b as unknown as {
    connection: { on(event: string, hear: (message: Record<string, string>) => void): void }
  }
  connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    if (parameterName === 'TimeZone') told.push(parameterValue!)
  })
  await b.connect()
  onTestFinished(() => b.end())
  await a.query('commit')
  await b.query('select 1')
  expect(told).toEqual([(await admin.query('show timezone')).rows[0].TimeZone])
})

test('a transaction of a client is kept or undone, and the client is told what it asked for', async () => {
  const [a, b] = [await client(), await client()]
  expect((await a.query('begin')).command).toBe('BEGIN')
  await a.query(`insert into items values (1, 'undone')`)
  await a.query('savepoint inside')
  await expect(a.query(`insert into items values (1, 'twice')`)).rejects.toMatchObject({ code: '23505' })
  await a.query('rollback to savepoint inside')
  expect(await names(a)).toEqual(['undone'])
  expect((await a.query('rollback')).command).toBe('ROLLBACK')
  expect(await names(b)).toEqual([])
  await a.query('begin')
  await a.query(`insert into items values (2, 'kept')`)
  expect((await a.query('commit')).command).toBe('COMMIT')
  await a.query('begin')
  await expect(a.query('select from missing')).rejects.toMatchObject({ code: '42P01' })
  await expect(a.query('select 1')).rejects.toMatchObject({ code: '25P02' })
  expect((await a.query('commit')).command).toBe('ROLLBACK')
  expect(await names(b)).toEqual(['kept'])
  const many = (await a.query(`begin; insert into items values (3, 'c'); commit; insert into items values (4, 'd')`)) as never
  expect((many as pg.QueryResult[]).map(({ command }) => command)).toEqual(['BEGIN', 'INSERT', 'COMMIT', 'INSERT'])
  await expect(a.query(`begin; insert into items values (5, 'e'); commit; select from missing`)).rejects.toThrow('missing')
  expect(await names(b)).toEqual(['kept', 'c', 'd', 'e'])
})

test('a failed statement undoes itself only', async () => {
  const a = await client()
  await a.query(`insert into items values (1, 'a')`)
  await expect(a.query(`insert into items values (2, 'b'), (1, 'twice')`)).rejects.toMatchObject({ code: '23505' })
  await expect(a.query('select $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' })
  expect(await names(a)).toEqual(['a'])
})

test('two transactions come one after the other', async () => {
  const [a, b] = [await client(), await client()]
  await a.query('begin')
  const waiting = b
    .query('begin')
    .then(() => b.query(`insert into items values (1, 'b')`))
    .then(() => b.query('commit'))
  await a.query(`insert into items values (2, 'a')`)
  await a.query('rollback')
  await waiting
  expect(await names(a)).toEqual(['b'])
})

test('what waits for an idle transaction fails with the reason, and the client may go on', async () => {
  const [a, b] = [await client(), await client()]
  await a.query('begin')
  await expect(b.query('select 1')).rejects.toMatchObject({ code: 'PWT01', message: expect.stringContaining('open and idle') })
  await expect(b.query('select $1::int', [1])).rejects.toMatchObject({ code: 'PWT01' })
  await a.query('commit')
  expect((await b.query('select 1 as n')).rows).toEqual([{ n: 1 }])
})

test.each([
  ['listen news', 'LISTEN takes effect'],
  ['begin isolation level serializable', 'SERIALIZABLE can only be set at the start'],
  ['start transaction isolation level repeatable read', 'REPEATABLE READ can only be set'],
  ['create index concurrently on items (name)', 'All statements of a test run in one transaction.'],
  ['vacuum items', 'All statements of a test run in one transaction.'],
  [`begin; prepare transaction 'x'`, 'would outlive the test'],
  ['savepoint x', 'needs a transaction'],
])('%s is refused with the reason', async (sql, reason) => {
  const a = await client()
  await expect(a.query(sql)).rejects.toThrow(reason)
  await a.query('rollback')
  await expect(a.query({ text: sql.replace(/^begin; /, ''), queryMode: 'extended' } as never)).rejects.toThrow(/./)
  await a.query('rollback')
  expect((await a.query('select 1 as n')).rows).toEqual([{ n: 1 }])
})

test('the isolation level of the test is that of its transactions', async () => {
  await one.rollBack(depth)
  depth = await one.begin('serializable')
  const a = await client()
  await a.query('begin isolation level repeatable read')
  expect((await a.query('show transaction_isolation')).rows[0]).toEqual({ transaction_isolation: 'serializable' })
  await a.query('commit')
  await a.query('begin; set transaction isolation level serializable')
  await a.query('commit')
})

test('a read only transaction is one, and the next one is not', async () => {
  const a = await client()
  expect((await a.query('begin read only')).command).toBe('BEGIN')
  await expect(a.query(`insert into items values (1, 'a')`)).rejects.toMatchObject({ code: '25006' })
  await a.query('rollback')
  await a.query(`insert into items values (1, 'a')`)
  expect(await names(a)).toEqual(['a'])
})

const settings = (from: pg.Client) =>
  from.query(
    `select current_setting('app.user', true) as app, current_setting('work_mem') as mem, current_setting('timezone') as zone`,
  )

test('settings of a transaction end with it, and those of a session are of its client alone', async () => {
  const [a, b] = [await client(), await client({ options: '-c timezone=Asia/Tokyo', statement_timeout: 12_345 })]
  await a.query('begin')
  await a.query(`set local work_mem = '5MB'; select set_config('app.user', 'ada', true)`)
  await a.query('commit')
  await a.query(`select set_config('app.user', 'bob', true)`)
  expect((await a.query(`set timezone to 'Europe/Paris'`)).command).toBe('SET')
  expect((await settings(a)).rows[0]).toMatchObject({ zone: 'Europe/Paris' })
  expect((await settings(a)).rows[0].app ?? '').toBe('')
  expect((await settings(a)).rows[0].mem).not.toBe('5MB')
  expect((await settings(b)).rows[0]).toMatchObject({ zone: 'Asia/Tokyo' })
  expect((await b.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '12345ms' }])
})

const ask = (from: pg.Client, text: string) => from.query({ name: 'same', text, values: [1] }).then(({ rows }) => rows[0])

test('named statements of two clients do not meet', async () => {
  const [a, b] = [await client(), await client()]
  expect(await ask(a, 'select $1::int as a')).toEqual({ a: 1 })
  expect(await ask(b, 'select $1::int + 1 as b')).toEqual({ b: 2 })
  expect(await ask(a, 'select $1::int as a')).toEqual({ a: 1 })
})

test('cursors and COPY work', async () => {
  const a = await client()
  await pipeline(Readable.from(['1\ta\n', '2\tb\n']), a.query(copyFrom('copy items from stdin')))
  await expect(pipeline(Readable.from(['3\tc\n', 'x\ty\n']), a.query(copyFrom('copy items from stdin')))).rejects.toThrow(
    'integer',
  )
  const cursor = a.query(new Cursor('select id from items order by id'))
  expect(await cursor.read(1)).toEqual([{ id: 1 }])
  await cursor.close()
  expect(await names(a)).toEqual(['a', 'b'])
})

test('a deferred constraint is checked by each commit', async () => {
  const a = await client()
  await a.query('begin')
  await a.query('insert into children values (1, 1)')
  await a.query('insert into parents values (1)')
  await a.query('commit')
  await a.query('begin')
  await a.query('insert into children values (2, 2)')
  await expect(a.query('commit')).rejects.toMatchObject({ code: '23503' })
  await expect(a.query('insert into children values (3, 3)')).rejects.toMatchObject({ code: '23503' })
  expect((await a.query('select id from children')).rows).toEqual([{ id: 1 }])
  await a.query('begin')
  await a.query('insert into children values (4, 4)')
  await a.query('rollback')
})

test('a client that leaves in its transaction undoes it', async () => {
  const [a, b] = [await client(), new pg.Client(one.url)]
  await b.connect()
  await b.query('begin')
  await b.query(`insert into items values (1, 'b')`)
  await b.end()
  expect(await names(a)).toEqual([])
  const c = await client()
  await c.query('begin')
  ;(c as any).connection.stream.destroy()
  expect(await names(a)).toEqual([])
})

test('a statement can be cancelled, and a test that ends does so', async () => {
  const a = await client({ query_timeout: 0 })
  const sleeping = a.query('select pg_sleep(60)')
  sleeping.catch(() => {})
  await expect
    .poll(
      async () =>
        (await admin.query(`select from pg_stat_activity where query ~ '^select pg_sleep' and state = 'active'`)).rowCount,
    )
    .toBe(1)
  await one.rollBack(depth)
  await expect(sleeping).rejects.toMatchObject({ code: '57014' })
})

test('a transaction that is open at the end is told, and its client is gone', async () => {
  const a = await client()
  await a.query('begin')
  await a.query(`insert into items values (1, 'a')`)
  expect(await one.rollBack(depth)).toEqual({ openTransactions: 1, hasChangedCatalog: false })
  await expect(a.query('select 1')).rejects.toThrow(/./)
})

test('between tests nothing runs, and what is tried is counted', async () => {
  const a = await client()
  await a.query('select 1')
  await one.rollBack(depth)
  one.takeStrays()
  await expect(a.query('select 1')).rejects.toMatchObject({ code: 'PWT02' })
  await expect(a.query('select $1::int', [1])).rejects.toMatchObject({ code: 'PWT02' })
  expect(one.takeStrays()).toBe(2)
  depth = await one.begin()
  expect((await a.query('select 1 as n')).rows).toEqual([{ n: 1 }])
})

test('a test inside of a test', async () => {
  const a = await client()
  await a.query(`insert into items values (1, 'outer')`)
  const inner = await one.begin()
  await a.query(`insert into items values (2, 'inner')`)
  await one.rollBack(inner)
  expect(await names(a)).toEqual(['outer'])
})

test('a test that begins while statements run does not stand inside of one of them', async () => {
  const clients = [await client(), await client(), await client()]
  for (let time = 0; time < 10; time++) {
    const running = clients.map((each) => each.query('select pg_sleep(0.002)'))
    const inner = await one.begin()
    const written = clients[0]!.query(`insert into items values (${time}, 'x')`)
    await Promise.all([...running, written])
    await one.rollBack(inner)
  }
  expect(await names(clients[0]!)).toEqual([])
})

test('a test does not begin inside of a transaction of the app', async () => {
  const a = await client()
  await a.query('begin')
  await expect(one.begin()).rejects.toMatchObject({ code: 'TEST_LEAK' })
  await a.query('rollback')
  await one.rollBack(await one.begin())
})

test('a password that is another one is refused', async () => {
  const other = new pg.Client(one.url.replace(/:[0-9a-f]{32}@/, ':0@'))
  await expect(other.connect()).rejects.toMatchObject({ code: '28P01' })
})

test('a lost connection fails what runs, and the next test has another one', async () => {
  const a = await client()
  const { rows } = await a.query('select pg_backend_pid() as pid')
  const running = a.query('select pg_sleep(60)')
  running.catch(() => {})
  await admin.query('select pg_terminate_backend($1, 5000)', [rows[0].pid])
  await expect(running).rejects.toThrow(/terminat/)
  depth = await one.begin()
  const b = await client()
  expect(await names(b)).toEqual([])
})
