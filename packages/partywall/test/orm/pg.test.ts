/** node-postgres itself, with the packages that belong to it. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { text as readAll } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import { describe, expect, test } from 'vitest'
import { codeOf, ormContract, refused, type Author } from '../contract/orm.ts'
import { pgSubject } from './pg-subject.ts'

const { tenancy, tenants, admin, empty } = await ormContract('pg', pgSubject)
const [a, b, c, d] = tenants as [(typeof tenants)[0], (typeof tenants)[0], (typeof tenants)[0], (typeof tenants)[0]]

/** Runs `work` with a client, and releases the client in any case. */
async function onClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await tenancy.pool.connect()
  try {
    return await work(client)
  } finally {
    client.release()
  }
}

const everywhere = <T>(work: (schema: string) => Promise<T>): Promise<T[]> =>
  Promise.all(tenants.map((tenant) => tenancy.run(tenant, () => work(tenant.schema)) as Promise<T>))

/** 2000 rows of authors in the format of COPY. */
function lines(schema: string): string {
  return Array.from({ length: 2000 }, (_, index) => `${index + 1}\t${schema} ${index + 1}\n`).join('')
}

describe('pg-copy-streams', () => {
  test('copies into the tables of each tenant and out of them, at the same time', async () => {
    await empty()
    await everywhere((schema) =>
      onClient((client) => pipeline(Readable.from([lines(schema)]), client.query(copyFrom('copy authors from stdin')))),
    )
    for (const { schema } of tenants) {
      const { rows } = await admin.query(`select count(*)::int as count from "${schema}".authors where name like $1`, [
        `${schema} %`,
      ])
      expect(rows).toEqual([{ count: 2000 }])
    }
    const texts = await everywhere(() => onClient((client) => readAll(client.query(copyTo('copy authors to stdout')))))
    expect(texts).toEqual(tenants.map(({ schema }) => lines(schema)))
  })

  test('copies the result of a query, in a transaction too', async () => {
    await empty()
    await everywhere((schema) =>
      onClient(async (client) => {
        await client.query('begin')
        await pipeline(Readable.from([lines(schema)]), client.query(copyFrom('copy authors (id, name) from stdin')))
        const text = await readAll(client.query(copyTo('copy (select name from authors where id <= 2 order by id) to stdout')))
        expect(text).toBe(`${schema} 1\n${schema} 2\n`)
        await client.query('rollback')
        expect((await client.query('select * from authors')).rows).toEqual([])
      }),
    )
  })

  test('reports a bad row, and leaves a connection that serves another tenant', async () => {
    await empty()
    for (const tenant of [a, b, c, d]) {
      const error = await tenancy.run(tenant, () =>
        onClient((client) =>
          refused(pipeline(Readable.from(['1\tgood\n', 'bad\tbad\n']), client.query(copyFrom('copy authors from stdin')))),
        ),
      )
      expect(codeOf(error)).toBe('22P02')
    }
    await everywhere(async () => expect((await tenancy.pool.query('select * from authors')).rows).toEqual([]))
  })

  test('keeps no row of a copy whose source ends with an error', async () => {
    await empty()
    await tenancy.run(a, () =>
      onClient(async (client) => {
        const source = Readable.from(
          (function* () {
            yield '1\tone\n'
            throw new Error('the disk is gone')
          })(),
        )
        await expect(pipeline(source, client.query(copyFrom('copy authors from stdin')))).rejects.toThrow('the disk is gone')
        expect((await client.query('select current_schema() as schema, count(*)::int as count from authors')).rows).toEqual([
          { schema: a.schema, count: 0 },
        ])
      }),
    )
  })

  test('reads no more than its reader takes, and leaves a usable connection when the reader stops', async () => {
    const wide = `copy (select repeat('x', 999) from generate_series(1, 100000)) to stdout`
    await tenancy.run(a, () =>
      onClient(async (client) => {
        let length = 0
        for await (const chunk of client.query(copyTo(wide)) as AsyncIterable<Buffer>) {
          length += chunk.length
          if (length % 5 === 0) await setImmediate()
        }
        expect(length).toBe(100_000 * 1000)
        for await (const chunk of client.query(copyTo(wide)) as AsyncIterable<Buffer>) if (chunk.length > 0) break
        expect((await client.query('select current_schema() as schema')).rows).toEqual([{ schema: a.schema }])
      }),
    )
  })

  test('reports an error that comes in the middle of the rows', async () => {
    await tenancy.run(a, () =>
      onClient(async (client) => {
        const failing = 'copy (select 1 / (50000 - n) from generate_series(1, 60000) as n) to stdout'
        expect(codeOf(await refused(readAll(client.query(copyTo(failing)))))).toBe('22012')
        expect((await client.query('select current_schema() as schema')).rows).toEqual([{ schema: a.schema }])
      }),
    )
  })

  test('is refused in another scope, and without a client of its own', async () => {
    const client = await tenancy.run(a, () => tenancy.pool.connect())
    const error = await tenancy.run(b, () => refused(readAll(client.query(copyTo('copy authors to stdout')))))
    client.release()
    expect(codeOf(error)).toBe('WRONG_TENANT')
    for (const stream of [copyTo('copy authors to stdout'), copyFrom('copy authors from stdin')]) {
      expect(codeOf(await tenancy.run(a, () => refused(Promise.resolve(tenancy.pool.query(stream as never)))))).toBe(
        'UNSAFE_STATEMENT',
      )
    }
  })
})

describe('pg-cursor', () => {
  test('reads in parts, in the tenant of its client, while other cursors do the same', async () => {
    await empty()
    await everywhere(async (schema) => {
      await tenancy.pool.query(`insert into authors select n, $1::text || ' ' || n from generate_series(1, 50) as n`, [schema])
      await onClient(async (client) => {
        const cursor = client.query(new Cursor<Author>('select * from authors where id > $1 order by id', [10]))
        const names: string[] = []
        for (let part = await cursor.read(7); part.length > 0; part = await cursor.read(7))
          names.push(...part.map(({ name }) => name))
        expect(names).toEqual(Array.from({ length: 40 }, (_, index) => `${schema} ${index + 11}`))
        await cursor.close()
      })
    })
  })

  test('is refused on the pool, with the advice to take a client', async () => {
    const error = await tenancy.run(a, async () => refused(Promise.resolve(tenancy.pool.query(new Cursor('select 1') as never))))
    expect(codeOf(error)).toBe('UNSAFE_STATEMENT')
  })
})

describe('a named statement', () => {
  test('is prepared for each tenant, and again when the columns of that tenant change', async () => {
    const read = { name: 'all-authors', text: 'select * from authors order by id' }
    await empty()
    await everywhere((schema) =>
      tenancy.pool.query({ name: 'add', text: 'insert into authors values (1, $1)', values: [schema] }),
    )
    for (let round = 0; round < 3; round++) {
      await everywhere(async (schema) => expect((await tenancy.pool.query(read)).rows).toEqual([{ id: 1, name: schema }]))
    }
    await admin.query(`alter table "${b.schema}".authors add column age int`)
    await everywhere(async (schema) => {
      const row = { id: 1, name: schema, ...(schema === b.schema && { age: null }) }
      for (let round = 0; round < 3; round++) expect((await tenancy.pool.query(read)).rows).toEqual([row])
    })
    await admin.query(`alter table "${b.schema}".authors drop column age`)
  })
})
