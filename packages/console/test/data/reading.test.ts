/** Lists and rows of two tenants with the same tables and the same keys, on a real PostgreSQL. */
import { Client, Pool } from 'pg'
import { createTenancy } from 'partywall'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../../../partywall/test/support/servers/database.ts'
import { addressOf, keyAddress } from '../../src/data/address.ts'
import { allPages, consoleOf } from './console.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false }, pool: { max: 2 } })
const ask = consoleOf(tenancy)
const admin = new Client(url)
const rowsOf = 120
const longText = 'ä'.repeat(500_000)
const strange = `"; drop table projects; --`
const sixtyThree = 'ü'.repeat(31) + 'x'

beforeAll(async () => {
  await admin.connect()
  await admin.query(`create table public.countries (code text primary key, name text not null);
    insert into public.countries values ('de', 'Germany'), ('a/b', 'Slashland'); create table public.only_shared (id int primary key)`)
  for (const schema of ['acme', 'globex']) {
    await tenancy.tenants.create({ schema, name: `${schema} Inc` })
    await admin.query(`
      set search_path to ${schema};
      create table customers (id bigint primary key, name text not null, country text references public.countries);
      insert into customers values (9007199254740993, '${schema} customer', 'a/b'), (2, 'two', 'de');
      create table projects (
        id serial primary key, title text not null, rank int, customer_id bigint references customers, note text, created_at timestamptz not null
      );
      create index on projects (rank);
      comment on table projects is 'What is done';
      insert into projects (title, rank, customer_id, created_at)
        select '${schema} ' || n, case when n % 7 = 0 then null else n % 10 end, case when n % 2 = 0 then 2 end, '2026-01-01 12:00+02'::timestamptz + n * interval '1 minute'
        from generate_series(1, ${rowsOf}) as n;
      create table odd (a text, b text, c int, primary key (a, b));
      insert into odd values ('x/y', 'a,b', 1), ('..', '', 2), ('', '<script>', 3), ('نص', '😀', 4), ('a b%2F', '"''', 5);
      create table bare (name text, n int, place text default 'here');
      insert into bare (name, n) select 'row ' || i, i from generate_series(1, 60) i;
      create view open_projects as select id, title from projects where rank is not null;
      create materialized view ranks as select rank, count(*) as n from projects group by rank;
      create table events (at date not null, what text, primary key (at, what)) partition by range (at);
      create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
      insert into events values ('2026-05-01', 'started');
      create table ${JSON.stringify(strange).replaceAll('\\"', '""')} (${JSON.stringify(strange).replaceAll('\\"', '""')} int primary key, "select" text);
      insert into ${JSON.stringify(strange).replaceAll('\\"', '""')} values (1, 'kept');
      create table "${sixtyThree}" ("${sixtyThree}" text primary key); insert into "${sixtyThree}" values ('${schema}');
      create table long (id int primary key, body text, bytes bytea, doc jsonb);
      reset search_path`)
    await admin.query(`insert into ${schema}.long values (1, $1, $2, $3)`, [
      longText,
      Buffer.alloc(300_000, 7),
      JSON.stringify({ a: longText }),
    ])
  }
  await admin.query('create table acme.mine (id int primary key)')
  await admin.query('analyze')
})
afterAll(async () => {
  await tenancy.close()
  await admin.end()
})

const rowsPath = (place: string, table: string, query = '') => `${place}/tables/${addressOf(table)}/rows${query}`
const rowPath = (place: string, table: string, ...key: string[]) => `${place}/tables/${addressOf(table)}/rows/${keyAddress(key)}`
const titles = ({ columns, rows }: any): string[] => rows.map(({ cells }: any) => cells[columns.indexOf('title')])

describe('tables', () => {
  test('are those of the tenant, with counts and sizes; partitions stand under their table, and the history of migrations is not shown', async () => {
    const { body } = await ask('acme/tables')
    expect(body.place).toEqual({ kind: 'tenant', place: 'acme', name: 'acme Inc', status: 'active' })
    const byName = Object.fromEntries(body.tables.map((table: any) => [table.name, table]))
    expect(Object.keys(byName).toSorted()).toEqual(
      [
        strange,
        'bare',
        'customers',
        'events',
        'long',
        'mine',
        'odd',
        'open_projects',
        'projects',
        'ranks',
        sixtyThree,
      ].toSorted(),
    )
    expect(byName['projects']).toMatchObject({ kind: 'table', count: { rows: rowsOf, isExact: true }, comment: 'What is done' })
    expect(byName['projects'].bytes).toBeGreaterThan(0)
    expect(byName['open_projects']).toMatchObject({ kind: 'view' })
    expect(byName['ranks']).toMatchObject({ kind: 'materialized view' })
    expect(byName['events']).toMatchObject({
      kind: 'partitioned table',
      count: { rows: 1 },
      partitions: [{ name: 'events_2026' }],
    })
  })

  test('of the shared schema have an address of their own, and the catalog of partywall has none', async () => {
    const { body } = await ask('shared/tables')
    expect(body.tables.map(({ name }: any) => name)).toEqual(['countries', 'only_shared'])
    expect((await ask(rowPath('shared', 'countries', 'a/b'))).body.cells).toEqual({ code: 'a/b', name: 'Slashland' })
    for (const place of ['partywall', 'pg_catalog', 'public', 'nowhere', 'information_schema', 'partywall_template_default']) {
      expect([place, (await ask(`${place}/tables`)).status]).toEqual([place, 404])
    }
  })

  test('that only another place has are not found, and never fall through to the shared schema', async () => {
    for (const table of ['only_shared', 'mine', 'countries', 'pg_class', 'partywall_migrations', 'acme.projects', '']) {
      const { status, body } = await ask(rowsPath('globex', table))
      expect([table, status, body.code]).toEqual([table, 404, 'UNKNOWN_TABLE'])
    }
  })
})

describe('a list', () => {
  test('has 50 rows, and its pages have every row once, in both directions', async () => {
    const pages = await allPages(ask, rowsPath('acme', 'projects'))
    expect(pages.map(({ rows }) => rows.length)).toEqual([50, 50, 20])
    const expected = Array.from({ length: rowsOf }, (_, at) => `acme ${at + 1}`)
    expect(pages.flatMap(titles)).toEqual(expected)
    expect(pages[0].previous).toBeUndefined()
    const back = await allPages(ask, rowsPath('acme', 'projects'), 'previous', pages[2].previous)
    expect(back.toReversed().flatMap(titles)).toEqual(expected.slice(0, 100))
    expect(back.at(-1).next).toBeDefined()
  })

  test.each(['rank', '~-rank', 'title', '~-created_at', 'customer_id'])(
    'sorted by %s has every row once, in both directions',
    async (sort) => {
      const path = rowsPath('acme', 'projects', `?sort=${sort}`)
      const pages = await allPages(ask, path)
      const all = pages.flatMap(titles)
      expect(new Set(all).size).toBe(rowsOf)
      const column = sort.replace('~-', '')
      const direction = sort.startsWith('~-') ? 'desc' : 'asc'
      const { rows } = await admin.query(
        `select title from acme.projects order by ${column} ${direction} nulls last, id ${direction}`,
      )
      expect(all).toEqual(rows.map(({ title }) => title))
      const back = await allPages(ask, path, 'previous', pages.at(-1).previous)
      expect(back.toReversed().flatMap(titles)).toEqual(all.slice(0, 100))
    },
  )

  test('keeps its place while rows are added and deleted in front of it, as a list by numbers does not', async () => {
    const { body: first } = await ask(rowsPath('globex', 'odd_pages'))
    expect(first.code).toBe('UNKNOWN_TABLE')
    await admin.query(
      'create table globex.moving (id int primary key, title text); insert into globex.moving select n, n::text from generate_series(10, 100) n',
    )
    const { body: page } = await ask(rowsPath('globex', 'moving'))
    const { rows: naive } = await admin.query('select title from globex.moving order by id offset 50 limit 1')
    await admin.query(`insert into globex.moving values (1, 'new')`)
    const { body: next } = await ask(rowsPath('globex', 'moving', `?cursor=${page.next}`))
    expect(titles(next)[0]).toBe('60')
    const { rows: shifted } = await admin.query('select title from globex.moving order by id offset 50 limit 1')
    expect([naive[0].title, shifted[0].title]).toEqual(['60', '59'])
    await admin.query('drop table globex.moving')
  })

  test.each([
    [[['title', 'is', 'acme 7']], 1],
    [[['title', 'contains', 'ME 11']], 11],
    [[['title', 'contains', '%']], 0],
    [[['rank', 'null']], 17],
    [[['rank', 'not null']], 50],
    [[['rank', 'above', '8']], 10],
    [[['created_at', 'below', '2026-01-01 10:05:00Z']], 4],
    [
      [
        ['customer_id', 'is', '2'],
        ['rank', 'is', '4'],
      ],
      10,
    ],
    [[['title', 'is', `' or true --`]], 0],
  ])('with the filters %j has %i rows', async (filters, rows) => {
    const { body } = await ask(rowsPath('acme', 'projects', `?filters=${encodeURIComponent(JSON.stringify(filters))}`))
    expect(body.filters.length).toBe(filters.length)
    expect(body.rows.length).toBe(rows)
  })

  test('refuses a filter, a sort and a cursor that mean nothing, and says which', async () => {
    const filtered = async (filters: unknown) =>
      (await ask(rowsPath('acme', 'projects', `?filters=${encodeURIComponent(JSON.stringify(filters))}`))).body
    expect(await filtered([['rank', 'above', 'many']])).toMatchObject({
      code: 'BAD_FILTER',
      fields: { rank: expect.stringContaining('integer') },
    })
    expect(await filtered([['nothing', 'is', '1']])).toMatchObject({ code: 'UNKNOWN_COLUMN' })
    expect(await filtered([['rank', ';', '1']])).toMatchObject({ code: 'BAD_FILTER' })
    expect(await filtered('x')).toMatchObject({ code: 'BAD_FILTER' })
    expect((await ask(rowsPath('acme', 'projects', '?sort=nothing'))).body).toMatchObject({ code: 'UNKNOWN_COLUMN' })
    expect((await ask(rowsPath('acme', 'long', '?sort=doc'))).status).toBe(200)
    for (const cursor of [
      'x',
      'WyJhIl0',
      Buffer.from('["a",false,null,["x","y"]]').toString('base64url'),
      Buffer.from('["a",false,null,["\\u0000"]]').toString('base64url'),
    ]) {
      expect((await ask(rowsPath('acme', 'projects', `?cursor=${cursor}`))).body.code).toBe('BAD_CURSOR')
    }
    const text = Buffer.from('["a",false,null,["1; drop table acme.projects"]]').toString('base64url')
    expect((await ask(rowsPath('acme', 'projects', `?cursor=${text}`))).status).toBe(422)
  })

  test('cuts a text of a megabyte on the server, and gives no bytes', async () => {
    for (const sort of ['', '?sort=body']) {
      const { body } = await ask(rowsPath('acme', 'long', sort))
      expect(JSON.stringify(body).length).toBeLessThan(10_000)
      const [id, text, bytes, doc] = body.rows[0].cells
      expect([id, text.start.length, text.bytes]).toEqual(['1', 200, 1_000_000])
      expect(bytes).toEqual({ start: '07'.repeat(16), bytes: 300_000 })
      expect(doc.bytes).toBeGreaterThan(1_000_000)
    }
    const { body: row } = await ask(rowPath('acme', 'long', '1'))
    expect(row.cells.body).toEqual({ start: 'ä'.repeat(20_000), bytes: 1_000_000 })
    expect((await ask(`${rowPath('acme', 'long', '1')}/columns/body`)).body).toBe(longText)
  })

  test('of a table without a key has pages by place, and is read-only; a view has one page', async () => {
    const pages = await allPages(ask, rowsPath('acme', 'bare'))
    expect(pages.map(({ rows }) => rows.length)).toEqual([50, 10])
    expect(pages[0].table.readOnly).toContain('no primary key')
    expect(pages[0].rows[0].key).toBeUndefined()
    expect((await allPages(ask, rowsPath('acme', 'bare', '?sort=~-n'))).flatMap(({ rows }) => rows).length).toBe(60)
    const { body } = await ask(rowsPath('acme', 'open_projects'))
    expect(body).toMatchObject({
      isCut: true,
      table: { kind: 'view', mayInsert: false, readOnly: expect.stringContaining('view') },
    })
    expect(body.rows.length).toBe(50)
  })

  test('takes names that are SQL, or 63 bytes of letters beyond ASCII', async () => {
    const { body } = await ask(
      rowsPath(
        'acme',
        strange,
        `?sort=${addressOf(strange)}&filters=${encodeURIComponent(JSON.stringify([['select', 'contains', 'kept']]))}`,
      ),
    )
    expect(body.rows).toEqual([{ key: '1', cells: ['1', 'kept'] }])
    expect((await ask(rowPath('globex', sixtyThree, 'globex'))).body.cells).toEqual({ [sixtyThree]: 'globex' })
    expect((await ask(rowPath('globex', sixtyThree, 'acme'))).status).toBe(404)
  })
})

describe('a row', () => {
  test('has an address whatever is in its key', async () => {
    const { body } = await ask(rowsPath('acme', 'odd'))
    for (const { key, cells } of body.rows) {
      expect(key).toMatch(/^[A-Za-z0-9_~,-]+$/)
      expect((await ask(`acme/tables/odd/rows/${key}`)).body.cells.c).toBe(cells[2])
    }
    expect(body.rows.length).toBe(5)
    for (const key of ['1', 'x,y,z', '+', '~zz', 'x']) expect((await ask(`acme/tables/odd/rows/${key}`)).status).toBe(404)
  })

  test('keeps numbers that JavaScript cannot hold, and times in UTC', async () => {
    const { body } = await ask(rowPath('acme', 'customers', '9007199254740993'))
    expect(body.cells).toEqual({ id: '9007199254740993', name: 'acme customer', country: 'a/b' })
    expect((await ask(rowPath('acme', 'customers', '9007199254740992'))).status).toBe(404)
    expect((await ask(rowPath('acme', 'projects', '1'))).body.cells.created_at).toBe('2026-01-01 10:01:00+00')
    for (const key of ['x', '99999999999999999999', '1 or 1=1'])
      expect((await ask(rowPath('acme', 'projects', key))).body.code).toBe('UNKNOWN_ROW')
  })

  test('leads to the rows that it refers to, of the tenant and of the shared schema, and says what refers to it', async () => {
    const { body: project } = await ask(rowPath('acme', 'projects', '2'))
    expect(project.table.links).toEqual([
      { columns: ['customer_id'], place: 'acme', table: 'customers', toColumns: ['id'], isKey: true },
    ])
    const { body: customer } = await ask(rowPath('acme', 'customers', '2'))
    expect(customer.table.links).toEqual([
      { columns: ['country'], place: 'shared', table: 'countries', toColumns: ['code'], isKey: true },
    ])
    expect((await ask(`${rowPath('acme', 'customers', '2')}/references`)).body).toEqual({
      references: [{ table: 'projects', columns: ['customer_id'], values: ['2'], rows: 60 }],
    })
    expect((await ask(`${rowPath('shared', 'countries', 'de')}/references`)).body).toEqual({ references: [] })
    expect((await ask('acme/tables/customers/choices?column=id&search=TW')).body.choices).toEqual([{ value: '2', label: 'two' }])
  })
})

describe('two tenants with the same tables and keys', () => {
  test('have two lists, and an address of one never shows a row of the other, with requests for both at once', async () => {
    const turns = Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? 'acme' : 'globex'))
    const answers = await Promise.all(
      turns.map(async (place, at) => {
        const [list, row] = await Promise.all([
          ask(rowsPath(place, 'projects')),
          ask(rowPath(place, 'projects', String(1 + (at % 50)))),
        ])
        return [...titles(list.body), row.body.cells.title].filter((title) => !title.startsWith(`${place} `))
      }),
    )
    expect(answers.flat()).toEqual([])
  })

  test('mix their rows in a console that sets the search path once and shares its connections', async () => {
    const naive = new Pool({ connectionString: url, max: 1 })
    const show = async (schema: string) => {
      await naive.query(`set search_path to ${schema}`)
      return (await naive.query('select title from projects where id = 1')).rows[0].title as string
    }
    const seen = await Promise.all(['acme', 'globex', 'acme', 'globex'].map(show))
    await naive.end()
    expect(seen.filter((title, at) => !title.startsWith(at % 2 === 0 ? 'acme' : 'globex')).length).toBeGreaterThan(0)
  })
})

test('a statement that takes too long, and a table that is locked, are told apart', async () => {
  await admin.query(`create view acme.slow as select pg_catalog.pg_sleep(20)::text as nap, 1 as id`)
  const blocking = new Client(url)
  await blocking.connect()
  await blocking.query('begin; lock table acme.mine in access exclusive mode')
  const [slow, locked, tables] = await Promise.all([
    ask(rowsPath('acme', 'slow')),
    ask(rowsPath('acme', 'mine')),
    ask('globex/tables'),
  ])
  await blocking.end()
  await admin.query('drop view acme.slow')
  expect([slow.status, slow.body.code]).toEqual([504, 'TOO_SLOW'])
  expect(slow.body.detail).toContain('5 seconds')
  expect([locked.status, locked.body.code]).toEqual([503, 'TABLE_LOCKED'])
  expect(tables.status).toBe(200)
})
