import pg, { Client } from 'pg'
import { expect, test } from 'vitest'
import { isPooled } from '../support/servers/route.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

/** What needs a server session of its own is left out behind a pooler. */
const unpooled = isPooled ? [] : ['on a session of its own']

const { a, b, scope, url, makePool, admin } = await twoTenants()
await admin.query(`
  create table tenant_a.shapes (id int, colour text); insert into tenant_a.shapes values (1, 'red');
  create table tenant_b.shapes (id int, sides int, area numeric); insert into tenant_b.shapes values (1, 4, 2.5);
`)
const statement = { name: 'shapes', text: 'select * from shapes where id = $1', values: [1] }

test('bites: one name for tables of two shapes fails on a plain connection', async () => {
  const naive = new Client(url)
  await naive.connect()
  await naive.query('set search_path to tenant_a')
  await naive.query(statement)
  await naive.query('set search_path to tenant_b')
  await expect(naive.query(statement)).rejects.toMatchObject({ code: '0A000' })
  await naive.query('discard all')
  await naive.end()
})

test('one name works for tenants whose tables have different columns', async () => {
  const pool = makePool({ max: 1 })
  for (let round = 0; round < 10; round++) {
    expect((await scope.run(a, () => pool.query(statement))).rows).toEqual([{ id: 1, colour: 'red' }])
    expect((await scope.run(b, () => pool.query(statement))).rows).toEqual([{ id: 1, sides: 4, area: '2.5' }])
  }
  // Prepared once for each tenant, not for each statement. Behind a pooler not at all: the next client of the session would find the name.
  const { rows } = await scope.run(a, () => pool.query(`select name from pg_prepared_statements where name like '%/shapes'`))
  expect(new Set(rows.map(({ name }) => name)).size).toBe(isPooled ? 0 : 2)
})

test('a named statement is prepared again when a migration changed the columns', async () => {
  const pool = makePool({ max: 1 })
  await scope.run(a, () => pool.query(statement))
  await admin.query(`alter table tenant_a.shapes add column size int default 3`)
  expect((await scope.run(a, () => pool.query(statement))).rows).toEqual([{ id: 1, colour: 'red', size: 3 }])
  expect((await scope.run(a, () => pool.query(statement))).rows).toHaveLength(1)
})

test('a name whose statement failed can be used again', async () => {
  const pool = makePool({ max: 1 })
  const broken = { name: 'later', text: 'select * from made_later' }
  await expect(scope.run(a, () => pool.query(broken))).rejects.toMatchObject({ code: '42P01' })
  await admin.query('create table tenant_a.made_later as select 1 as x')
  expect((await scope.run(a, () => pool.query(broken))).rows).toEqual([{ x: 1 }])
  const divides = { name: 'divides', text: 'select 1 / $1::int as x' }
  await expect(scope.run(a, () => pool.query({ ...divides, values: [0] }))).rejects.toMatchObject({ code: '22012' })
  expect((await scope.run(a, () => pool.query({ ...divides, values: [1] }))).rows).toEqual([{ x: 1 }])
})

test('a second text for a name that is prepared is refused', async () => {
  const pool = makePool({ max: 1 })
  await scope.run(a, () => pool.query({ name: 'twice', text: 'select 1 as x' }))
  const second = scope.run(a, () => pool.query({ name: 'twice', text: 'select 2 as x' }))
  if (isPooled) expect((await second).rows).toEqual([{ x: 2 }])
  else await expect(second).rejects.toThrow(/must be unique/)
})

test('a name works on a session where another connection prepared it, and on one where none did', async () => {
  // Behind the pooler these are two clients of one session, so both use the same name on it.
  const pools = [makePool({ max: 1 }), makePool({ max: 1 })]
  for (const tenant of [a, b, a]) {
    for (const pool of pools) expect((await scope.run(tenant, () => pool.query(statement))).rows).toHaveLength(1)
  }
})

test('a name that is too long together with the schema works', async () => {
  const pool = makePool({ max: 1 })
  const name = 'n'.repeat(60)
  const read = async (): Promise<unknown> => (await pool.query({ name, text: 'select owner from items where id = 1' })).rows
  expect(await scope.run(a, read)).toEqual([{ owner: 'tenant_a' }])
  expect(await scope.run(b, read)).toEqual([{ owner: 'tenant_b' }])
})

test('a connection works after its prepared statements were removed, also those of the binding', async () => {
  const pool = makePool({ max: 1 })
  await scope.run(a, async () => {
    const client = await pool.connect()
    for (const away of ['deallocate all', 'discard plans', 'discard all', 'deallocate all']) {
      for (let n = 0; n < 3; n++)
        expect((await client.query('select owner from items where id = 1')).rows).toEqual([{ owner: 'tenant_a' }])
      // DISCARD ALL must be alone in its transaction, and is refused. The others only take away, also from the session of a pooler.
      if (away === 'discard all') {
        const code = isPooled ? 'UNSAFE_STATEMENT' : 'NEEDS_SESSION'
        await expect(client.query(away)).rejects.toMatchObject({ code })
      } else await client.query(away)
    }
    await client.query('begin')
    await client.query('deallocate all')
    expect((await client.query('select owner from items where id = 1')).rows).toEqual([{ owner: 'tenant_a' }])
    await client.query('rollback')
    client.release()
  })
})

test('a binding is prepared once on a connection to the server itself, and never behind a pooler', async () => {
  const pool = makePool({ max: 1 })
  for (const tenant of [a, a, b, b, a, a]) await scope.run(tenant, () => pool.query('select 1'))
  const { rows } = await scope.run(a, () => pool.query(`select name from pg_prepared_statements order by name`))
  expect(rows.map((row) => row.name.split('_')[1])).toEqual(isPooled ? [] : ['binding', 'handover'])
})

test('a connection keeps a bounded number of them, and closes the one that was used least recently', async () => {
  const pool = makePool({ max: 1, maxPreparedStatements: 20 })
  const held = await scope.run(a, () => pool.connect())
  const kept = async (): Promise<string[]> =>
    (await held.query(`select name from pg_prepared_statements where name like '%/kept_%'`)).rows.map(({ name }) => name)
  await scope.run(a, async () => {
    for (let index = 0; index < 60; index++) {
      await held.query({ name: 'kept_always', text: 'select 0 as x' })
      expect((await held.query({ name: `kept_${index}`, text: `select ${index} as x` })).rows).toEqual([{ x: index }])
    }
    const names = await kept()
    if (!isPooled) {
      expect(names).toHaveLength(20)
      expect(names.some((name) => name.endsWith('/kept_always'))).toBe(true)
      expect(names.some((name) => name.endsWith('/kept_30'))).toBe(false)
    }
    // Closed and failed ones are prepared again.
    await expect(held.query({ name: 'kept_1', text: 'select 1 / $1::int as x', values: [0] })).rejects.toMatchObject({
      code: '22012',
    })
    for (let index = 59; index >= 0; index--) {
      if (index === 1) continue
      expect((await held.query({ name: `kept_${index}`, text: `select ${index} as x` })).rows).toEqual([{ x: index }])
    }
  })
  held.release()
})

test.each(unpooled)('the names on the wire cannot be guessed (%s)', async () => {
  const pool = makePool({ max: 1 })
  await scope.run(a, () => pool.query({ name: 'guess', text: 'select 1' }))
  await scope.run(b, () => pool.query({ name: 'guess', text: 'select 1' }))
  const { rows } = await scope.run(a, () => pool.query('select name from pg_prepared_statements'))
  const names = rows.map(({ name }) => name as string)
  expect(new Set(names).size).toBe(names.length)
  // 132 bits of a keyed hash, in front of the name of the caller or behind that of a binding.
  for (const name of names) expect(name).toMatch(/^([\w-]{22}\/guess|partywall_\w+_[\w-]{22})$/)
})

test.each(isPooled ? [] : ['reports', 'a'.repeat(60)])(
  'an error about a name that has another text already has the name of the caller: %s',
  async (name) => {
    const client = await scope.run(a, () => makePool({ max: 1 }).connect())
    await client.query({ name, text: 'select 1' })
    const errors = [
      await client.query({ name, text: 'select 2' }).catch((error: Error) => error),
      await new Promise((resolve) => client.query(new pg.Query({ name, text: 'select 3' }, resolve))),
    ]
    for (const error of errors) {
      expect(error).toMatchObject({
        message: `Prepared statements must be unique - '${name}' was used for a different statement`,
      })
    }
    client.release()
  },
)

const forgetting: Record<string, (text: string, done: (outcome: unknown) => void) => pg.Query | string> = {
  'a text': (text) => text,
  'a query object': (text, done) => new pg.Query(text, done),
}
const texts = ['deallocate all; select 1', 'deallocate all; select 1 / 0']
test.each(unpooled.flatMap(() => Object.keys(forgetting).flatMap((how) => texts.map((text) => [how, text] as const))))(
  'after DEALLOCATE by %s (%s) the next transaction prepares what it needs',
  async (how, text) => {
    const pool = makePool({ max: 1 })
    const held = await scope.run(a, () => pool.connect())
    for (const phase of ['before', 'after']) {
      await held.query('begin')
      expect((await held.query(statement)).rows).toMatchObject([{ id: 1, colour: 'red' }])
      await held.query('commit')
      if (phase === 'after') continue
      await new Promise<void>((done) => {
        const sent: unknown = held.query(forgetting[how]!(text, () => done()) as string)
        if (how === 'a text')
          (sent as Promise<unknown>).then(
            () => done(),
            () => done(),
          )
      })
    }
    held.release()
  },
)
