import { Query, type PoolClient } from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { describe, expect, test } from 'vitest'
import type { Tenant } from '../../src/types.ts'
import { rowsOfEach, twoTenants } from '../support/tenants/two-tenants.ts'

const { a, b, scope, makePool } = await twoTenants()
const pool = makePool({ max: 2 })

type Rows = { owner: string }[]
type Form = (client: Queryable) => Promise<Rows>
type Queryable = Pick<PoolClient, 'query'>

const all = 'select owner from items order by id'
const some = 'select owner from items where id <= $1 order by id'

/** Every form of query() that node-postgres has, each returning the rows that it saw. */
const forms: Record<string, Form> = {
  'a text': async (client) => (await client.query(all)).rows,
  'a text that ends in a semicolon and a comment': async (client) => (await client.query(`${all}; -- all of them`)).rows,
  'a text and values': async (client) => (await client.query(some, [rowsOfEach])).rows,
  'a text and no values': async (client) => (await client.query(all, [])).rows,
  'a config object': async (client) => (await client.query({ text: some, values: [rowsOfEach] })).rows,
  'a config object, with separate values': async (client) => (await client.query({ text: some }, [rowsOfEach])).rows,
  'rows as arrays': async (client) => {
    const { rows } = await client.query({ text: all, rowMode: 'array' })
    return rows.map(([owner]) => ({ owner: owner as string }))
  },
  'a named statement': async (client) => (await client.query({ name: 'some', text: some, values: [rowsOfEach] })).rows,
  'the extended protocol': async (client) => (await client.query({ text: all, queryMode: 'extended' } as { text: string })).rows,
  'pages of rows': async (client) => (await client.query({ text: all, rows: 7 } as { text: string })).rows,
  'a callback': (client) => promised((done) => client.query(all, done)),
  'values and a callback': (client) => promised((done) => client.query(some, [rowsOfEach], done)),
  'a config object with a callback': (client) =>
    promised((done) => client.query({ text: all, callback: done } as { text: string })),
  'several statements in one text': async (client) => {
    const results = (await client.query(`select count(*) from items; ${all}; select 1`)) as unknown as { rows: Rows }[]
    expect(results).toHaveLength(3)
    return results[1]!.rows
  },
  'a statement that writes': async (client) => (await client.query('update items set note = owner returning owner')).rows,
  'a common table expression': async (client) => (await client.query(`with mine as (${all}) select owner from mine`)).rows,
  'a DO block before it': async (client) => {
    const results = (await client.query(`do $$ begin perform count(*) from items; end $$; ${all}`)) as unknown as { rows: Rows }[]
    return results[1]!.rows
  },
}

/** Query objects hold their connection until they are read to the end: they need a client. */
const clientForms: Record<string, (client: PoolClient) => Promise<Rows>> = {
  'a pg.Query without values': (client) => readQuery(client, new Query(all)),
  'a pg.Query with values': (client) => readQuery(client, new Query(some, [rowsOfEach])),
  'a cursor, read in parts': async (client) => {
    const cursor = client.query(new Cursor<{ owner: string }>(some, [rowsOfEach]))
    const rows: Rows = []
    for (let part = await cursor.read(3); part.length > 0; part = await cursor.read(3)) rows.push(...part)
    await cursor.close()
    return rows
  },
  'a cursor, left half-read': async (client) => {
    const cursor = client.query(new Cursor<{ owner: string }>(all))
    const rows = await cursor.read(rowsOfEach - 1)
    await cursor.close()
    return [...rows, ...(await client.query('select owner from items where id = 1')).rows]
  },
  'a stream': async (client) => {
    const rows: Rows = []
    for await (const row of client.query(new QueryStream(all, [], { batchSize: 4 }))) rows.push(row)
    return rows
  },
  'a transaction': async (client) => {
    await client.query('begin')
    const { rows } = await client.query(all)
    await client.query('commit')
    return rows
  },
}

describe.each(Object.entries(forms))('%s', (_, form) => {
  test('reads the rows of its own tenant through pool.query', () => eachSeesItsOwn(() => form(pool)))
  test('reads the rows of its own tenant on a client', () => eachSeesItsOwn(() => onClient(form)))
  test('reads the rows of its own tenant in a transaction', () =>
    eachSeesItsOwn(() =>
      onClient(async (client) => {
        await client.query('begin')
        const rows = await form(client)
        await client.query('rollback')
        return rows
      }),
    ))
})

describe.each(Object.entries(clientForms))('%s', (_, form) => {
  test('reads the rows of its own tenant', () => eachSeesItsOwn(() => onClient(form)))
})

test('a stream through pool.query returns the rows of its own tenant and releases its connection', async () => {
  await eachSeesItsOwn(async () => {
    const stream = new QueryStream(all)
    const done = pool.query(stream) as unknown as Promise<unknown>
    const rows: Rows = []
    for await (const row of stream) rows.push(row)
    await done
    return rows
  })
})

test('a cursor through pool.query, which would never release its connection, is refused', async () => {
  const attempt = scope.run(a, () => pool.query(new Cursor(all)) as unknown as Promise<unknown>)
  await expect(attempt).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
})

async function eachSeesItsOwn(read: () => Promise<Rows>): Promise<void> {
  // One after the other on the same connections, then at the same time.
  for (const tenant of [a, b, a]) expectOwn(tenant, await scope.run(tenant, read))
  const turns = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? a : b))
  const answers = await Promise.all(turns.map((tenant) => scope.run(tenant, read)))
  turns.forEach((tenant, index) => expectOwn(tenant, answers[index]!))
}

function expectOwn(tenant: Tenant, rows: Rows): void {
  expect(rows).toHaveLength(rowsOfEach)
  expect(new Set(rows.map((row) => row.owner))).toEqual(new Set([tenant.schema]))
}

async function onClient<T>(fn: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    return await fn(client)
  } finally {
    client.release()
  }
}

function promised(start: (done: (error: Error, result: { rows: Rows }) => void) => void): Promise<Rows> {
  return new Promise((resolve, reject) => start((error, result) => (error ? reject(error) : resolve(result.rows))))
}

function readQuery(client: PoolClient, query: Query): Promise<Rows> {
  return new Promise((resolve, reject) => {
    const rows: Rows = []
    client.query(query)
    query.on('row', (row) => rows.push(row as { owner: string }))
    query.on('end', () => resolve(rows))
    query.on('error', reject)
  })
}

test('the position of an error is counted in the text of the caller', async () => {
  for (const text of ['select 1; select nothing', 'select 1, nothing', `do $$ begin end $$; select 'ü', nothing`]) {
    const error = await scope.run(a, () => pool.query(text)).catch((reason: { position: string }) => reason)
    expect(Number((error as { position: string }).position)).toBe([...text].join('').indexOf('nothing') + 1)
  }
})
