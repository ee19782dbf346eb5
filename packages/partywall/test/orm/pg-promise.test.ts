import { createRequire } from 'node:module'
import pg from 'pg'
import QueryStream from 'pg-query-stream'
import pgPromise, { type IBaseProtocol, type ITask } from 'pg-promise'
import { PassThrough } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import type { Tenancy } from 'partywall'
import { tenantPgPromise } from '../../src/orm/pg-promise.ts'
import {
  ormContract,
  refused,
  type Author,
  type IsolationLevel,
  type OrmOperations,
  type OrmSubject,
  type OrmTransaction,
} from '../contract/orm.ts'

const { TransactionMode, isolationLevel } = pgPromise.txMode
const levels: Record<IsolationLevel, number> = {
  'read committed': isolationLevel.readCommitted,
  'repeatable read': isolationLevel.repeatableRead,
  serializable: isolationLevel.serializable,
}

const { tenancy, tenants, url } = await ormContract('pg-promise', subjectOf)
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

function subjectOf(ofTenants: Tenancy): OrmSubject {
  const pgp = pgPromise()
  const db = tenantPgPromise(ofTenants, pgp)
  return {
    ...operations(db),
    transaction: (work, level) =>
      db.tx(level === undefined ? {} : { mode: new TransactionMode({ tiLevel: levels[level] }) }, (task) =>
        work(transactionOn(task)),
      ),
    async *stream() {
      const rows = new PassThrough({ objectMode: true, highWaterMark: 20 })
      const done = db.stream(new QueryStream('select * from authors order by id', [], { batchSize: 20 }), (stream) => {
        // Without an error pg-promise would not notice the end, and would keep the connection.
        rows.once('close', () => (stream as unknown as QueryStream).destroy(new Error('stopped')))
        stream.pipe(rows)
      })
      done.catch((error: Error) => rows.destroy(error))
      yield* rows as AsyncIterable<Author>
    },
    close: async () => pgp.end(),
  }
}

function operations(on: IBaseProtocol<{}>): OrmOperations {
  return {
    addAuthor: (author) => on.none('insert into authors values ($/id/, $/name/)', author),
    renameAuthor: (id, name) => on.none('update authors set name = $2 where id = $1', [id, name]),
    removeAuthor: (id) => on.result('delete from authors where id = $1', [id]),
    authors: () => on.manyOrNone('select * from authors order by id'),
    addBook: (book) =>
      on.none(
        'insert into books values ($/id/, $/authorId/, $/title/, $/plan/, $/mood/, $/moods/::mood[], $/tags/::text[])',
        book,
      ),
    books: () =>
      on.manyOrNone({
        name: 'books',
        text: 'select id, author_id as "authorId", title, plan, mood, moods::text[], tags from books order by id',
      }),
    authorsWithBooks: () =>
      on
        .map('select id, name from authors order by id', [], ({ id, name }: Author) => ({ id, name }))
        .then((authors) =>
          Promise.all(
            authors.map(async ({ id, name }) => ({
              name,
              books: await on.map(
                'select title from books where author_id = $1 order by id',
                [id],
                ({ title }) => title as string,
              ),
            })),
          ),
        ),
    booksWithPrice: () => on.manyOrNone('select title, price from books join plans on plans.name = plan order by id'),
    raw: (text, values = []) => on.manyOrNone(text, [...values]),
  }
}

function transactionOn(task: ITask<{}>): OrmTransaction {
  return { ...operations(task), nested: (work) => task.tx((inner) => work(transactionOn(inner))) }
}

describe('tenantPgPromise', () => {
  test('uses tenancy.pool itself, though pg-promise brings a copy of pg of its own', async () => {
    const own = createRequire(createRequire(import.meta.url).resolve('pg-promise'))('pg') as typeof pg
    expect(own.Pool, 'the point of this test').not.toBe(pg.Pool)
    const db = tenantPgPromise(tenancy, pgPromise(), 'two copies')
    const lent = vi.spyOn(tenancy.pool, 'connect')
    const made = vi.spyOn(own.Client.prototype, 'connect')
    expect(await tenancy.run(a, () => db.one('select current_schema() as schema'))).toEqual({ schema: a.schema })
    expect([lent.mock.calls.length, made.mock.calls.length]).toEqual([1, 0])
    vi.restoreAllMocks()
  })

  test('does not change other databases of the same pg-promise', async () => {
    const pgp = pgPromise()
    const before = pgp.pg
    tenantPgPromise(tenancy, pgp, 'beside another')
    expect(pgp.pg).toBe(before)
    const other = pgp(url)
    expect((await other.one('select current_schema() as schema')).schema).toBe('public')
    await other.$pool.end()
  })

  test('refuses options with which statements would miss their tenant', async () => {
    expect(() => tenantPgPromise(tenancy, pgPromise({ schema: 'acme' }), 'schema')).toThrow(
      'tenantPgPromise refuses the option "schema".',
    )
    const db = tenantPgPromise(tenancy, pgPromise(), 'direct')
    const error = await tenancy.run(a, () => refused(db.connect({ direct: true })))
    expect((error as Error).message).toContain('tenantPgPromise refuses the option "direct".')
  })

  test('leaves the pool open when pg-promise ends its pools', async () => {
    const pgp = pgPromise()
    const db = tenantPgPromise(tenancy, pgp, 'end')
    pgp.end()
    await expect(tenancy.run(a, () => db.any('select 1'))).resolves.toHaveLength(1)
    expect(tenancy.pool.ending).toBe(false)
  })
})

test('pg-promise runs several statements of one text in the tenant, and gives each result', async () => {
  const db = tenantPgPromise(tenancy, pgPromise(), 'multi')
  for (const tenant of [a, b]) {
    const results = await tenancy.run(tenant, () => db.multi('select current_schema() as schema; select $1 as value', ['x']))
    expect(results).toEqual([[{ schema: tenant.schema }], [{ value: 'x' }]])
  }
})

test('pg-promise keeps one connection for a task, and for db.connect()', async () => {
  const db = tenantPgPromise(tenancy, pgPromise(), 'task')
  await tenancy.run(a, () =>
    db.task(async (task) => {
      const pids = [await task.one('select pg_backend_pid() as pid'), await task.one('select pg_backend_pid() as pid')]
      expect(pids[0]).toEqual(pids[1])
    }),
  )
  const connected = await tenancy.run(a, () => db.connect())
  expect((await connected.one('select current_schema() as schema')).schema).toBe(a.schema)
  const error = await tenancy.run(b, () => refused(connected.any('select 1')))
  expect(error).toMatchObject({ code: 'WRONG_TENANT' })
  await connected.done()
})
