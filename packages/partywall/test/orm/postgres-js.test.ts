import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { tenantPostgresJs } from '../../src/orm/postgres-js/tenant-postgres-js.ts'
import { codeOf, ormContract, refused, type OrmOperations, type OrmTransaction } from '../contract/orm.ts'
import { isByRole } from '../support/servers/boundary.ts'
import { isPooled } from '../support/servers/route.ts'

type Sql = postgres.Sql | postgres.TransactionSql

function operations(sql: Sql): OrmOperations {
  return {
    addAuthor: async (author) => sql`insert into authors ${sql(author as never)}`,
    renameAuthor: async (id, name) => sql`update authors set name = ${name} where id = ${id}`,
    removeAuthor: async (id) => sql`delete from authors where id = ${id}`,
    authors: async () => [...(await sql<any>`select id, name from authors order by id`)],
    addBook: async ({ id, authorId, title, plan, mood, moods, tags }) =>
      sql`insert into books (id, author_id, title, plan, mood, moods, tags)
          values (${id}, ${authorId}, ${title}, ${plan}, ${mood}, ${moods as never}, ${tags as never})`,
    books: async () => [
      ...(await sql<any>`select id, author_id as "authorId", title, plan, mood, moods, tags from books order by id`),
    ],
    authorsWithBooks: async () => [
      ...(await sql<any>`
        select a.name, coalesce(array_agg(b.title order by b.id) filter (where b.id is not null), '{}') as books
        from authors as a left join books as b on b.author_id = a.id group by a.id order by a.id`),
    ],
    booksWithPrice: async () => [
      ...(await sql<any>`select b.title, p.price from books as b join plans as p on p.name = b.plan order by b.id`),
    ],
    raw: async (text, values = []) => [...(await sql.unsafe(text, values as never[]))],
  }
}

function transaction(sql: postgres.TransactionSql): OrmTransaction {
  return { ...operations(sql), nested: (work) => sql.savepoint((inner) => work(transaction(inner))) as never }
}

let sql: postgres.Sql

const { tenancy, tenants, admin, empty, url, superUrl, withServerConnections } = await ormContract(
  'postgres.js',
  (on, at) => {
    sql = tenantPostgresJs(on, postgres(at, { max: 4, onnotice: () => {} }))
    return {
      ...operations(sql),
      transaction: (work, level = 'read committed') =>
        sql.begin(`isolation level ${level}`, (within) => work(transaction(within))) as never,
      stream: async function* () {
        for await (const rows of sql<any>`select id, name from authors order by id`.cursor(10)) yield* rows
      },
      close: () => sql.end(),
    }
  },
  {
    lacks: { 'tenancy.pool': 'it opens connections of its own' },
  },
)
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

const fillOne = async (): Promise<void> => {
  await empty()
  for (const { schema } of tenants) await admin.query(`insert into "${schema}".authors values (1, $1)`, [schema])
}
const names = async (): Promise<string[]> => (await sql<any>`select name from authors order by id`).map(({ name }: any) => name)

const firstAuthor = async (): Promise<unknown[]> => [...(await sql`select * from authors where id = ${1}`)]

/** A connection that was killed while idle fails once, as it does without partywall. */
async function settledNames(): Promise<string[]> {
  try {
    return await names()
  } catch (error) {
    expect(String((error as any).code)).toMatch(/^(CONNECTION_|57P01|08P01|ECONN|EPIPE)/)
    return await settledNames()
  }
}

const when = async (value: unknown): Promise<unknown[]> => [...(await sql`select ${value as string}::timestamptz`)]

/** A pooler has sessions of its own, as the role that looks up the logins of others. */
const ofTheApp = isByRole ? 'and usename <> session_user' : ''

describe('tenantPostgresJs', () => {
  test('protects from the unwrapped sql, where a setting stays and callers share a connection', async () => {
    const naive = postgres(superUrl, { max: 1 })
    const [, rows] = await Promise.all([
      naive.unsafe(`set search_path to "${a.schema}"`),
      naive`select current_schema() as schema`,
    ])
    expect(rows[0]!.schema).toBe(a.schema)
    await naive.end()
  })

  test('refuses a query that is awaited in another scope than it was written in', async () => {
    await fillOne()
    const { query } = await tenancy.run(a, () => ({ query: sql`select name from authors` }))
    expect(codeOf(await tenancy.run(b, () => refused(query)))).toBe('WRONG_TENANT')
    const { late } = await tenancy.run(a, () => ({ late: sql`select name from authors` }))
    expect(codeOf(await refused(late))).toBe('NO_TENANT')
    expect(await tenancy.runShared(async () => [...(await sql`select count(*)::int from plans`)])).toEqual([{ count: 2 }])
  })

  test('accepts fragments that were written outside', async () => {
    await fillOne()
    const columns = sql`id, ${sql('name')}`
    const first = (id: number) => sql`where id = ${id}`
    expect(await tenancy.run(a, async () => [...(await sql`select ${columns} from ${sql('authors')} ${first(1)}`)])).toEqual([
      { id: 1, name: a.schema },
    ])
    expect(await tenancy.run(b, async () => [...(await sql`select ${columns} from authors where id in ${sql([1, 2])}`)])).toEqual(
      [{ id: 1, name: b.schema }],
    )
  })

  test('refuses a tenant whose schema is gone, and reads nothing else', async () => {
    await admin.query(`alter schema "${a.schema}" rename to away`)
    await tenancy.run(a, async () => {
      expect(codeOf(await refused(sql`select * from plans`))).toBe('SCHEMA_MISSING')
      expect(codeOf(await refused(sql`select ${1}::int`))).toBe('SCHEMA_MISSING')
      expect(codeOf(await refused(sql.begin((within) => within`select * from plans`)))).toBe('SCHEMA_MISSING')
    })
    await admin.query(`alter schema away rename to "${a.schema}"`)
    await fillOne()
    expect(await tenancy.run(a, names)).toEqual([a.schema])
  })

  test.each([
    'commit',
    'begin',
    'select 1; commit; select * from plans',
    'set search_path to public',
    `select set_config('search_path', 'public', false)`,
    'create temp table t (id int)',
    'listen x',
    'select lastval()',
    'discard all',
    'prepare p as select 1',
  ])('refuses %s, in a transaction too', async (text) => {
    await tenancy.run(a, async () => {
      expect(codeOf(await refused(sql.unsafe(text)))).toBe('UNSAFE_STATEMENT')
      expect(codeOf(await refused(sql.begin((within) => within.unsafe(text))))).toBe('UNSAFE_STATEMENT')
    })
  })

  test('refuses methods that cannot be bound, and says what to use', async () => {
    for (const use of [
      () => sql.reserve(),
      () => sql.file('x.sql'),
      () => (sql as any).subscribe(),
      () => (sql as any).largeObject(),
    ]) {
      expect(use).toThrowError(expect.objectContaining({ code: 'UNSAFE_STATEMENT' }))
    }
    await tenancy.run(a, async () => {
      expect(codeOf(await refused(sql`copy authors to stdout`.readable()))).toBe('UNSAFE_STATEMENT')
    })
  })

  test('reports an error that comes with the commit', async () => {
    await admin.query(
      `alter table "${a.schema}".books add constraint later foreign key (author_id) references "${a.schema}".authors deferrable initially deferred;
       alter table "${a.schema}".books drop constraint books_author_id_fkey`,
    )
    await empty()
    await tenancy.run(a, async () => {
      const failing = sql`insert into books values (1, 99, 't', 'free', 'calm', '{wild}', '{}')`
      expect(codeOf(await refused(failing))).toBe('23503')
      expect([...(await sql`select * from books`)]).toEqual([])
    })
  })

  test('takes two round trips for a query, and four for one with values where nothing is prepared', async () => {
    await fillOne()
    await tenancy.run(a, async () => {
      // The first query on each connection prepares it.
      for (let round = 0; round < 8; round++) await firstAuthor()
      expect(await writesOf(async () => void (await names()))).toBe(2)
      expect(await writesOf(async () => void (await firstAuthor()))).toBe(isPooled ? 4 : 2)
    })
  })

  test('fails the query whose value cannot be written, and no other', async () => {
    await fillOne()
    await tenancy.run(a, async () => void (await when('2026-11-21')))
    for (let round = 0; round < 5; round++) {
      const work = Array.from({ length: 24 }, (_, index) =>
        tenancy.run(tenants[index % 4]!, async () => {
          if (index % 3 === 0) return (await refused(sql`select ${undefined as never}`)) as Error
          if (index % 3 === 1) return (await refused(when('no date'))) as Error
          return names()
        }),
      )
      for (const [index, answer] of (await Promise.all(work)).entries()) {
        if (index % 3 === 0) expect(answer).toMatchObject({ code: 'UNDEFINED_VALUE' })
        else if (index % 3 === 1) expect(answer).toBeInstanceOf(RangeError)
        else expect(answer).toEqual([tenants[index % 4]!.schema])
      }
    }
  })

  test('supports forEach, raw, values, describe and cursors', async () => {
    await fillOne()
    await tenancy.run(b, async () => {
      const seen: unknown[] = []
      await sql`select name from authors`.forEach((row) => seen.push(row.name))
      await sql`select generate_series(1, 5) as n`.cursor(2, (rows) => void seen.push(rows.length))
      await sql`select generate_series(1, 5) as n`.cursor(2, () => sql.CLOSE)
      for await (const [row] of sql`select name from authors`.cursor()) seen.push(row!.name)
      expect(seen).toEqual([b.schema, 2, 2, 1, b.schema])
      expect([...(await sql`select name from authors`.values())]).toEqual([[b.schema]])
      expect((await sql`select name from authors where id = ${1}`.describe()).columns).toHaveLength(1)
      expect(await sql.unsafe('select current_schema() as s; select 2 as two')).toMatchObject([[{ s: b.schema }], [{ two: 2 }]])
      expect((await sql`update authors set name = name`).count).toBe(1)
    })
  })

  test('copies in and out in a transaction', async () => {
    await fillOne()
    await tenancy.run(a, async () => {
      await sql.begin(async (within) => {
        const stream = await within`copy authors from stdin`.writable()
        await new Promise<void>((resolve, reject) => {
          stream.on('finish', resolve).on('error', reject)
          stream.end('7\tcopied\n')
        })
      })
      expect(await names()).toEqual([a.schema, 'copied'])
      const parts: string[] = []
      await sql.begin(async (within) => {
        for await (const part of await within`copy authors to stdout`.readable()) parts.push(String(part))
      })
      expect(parts.join('')).toContain('7\tcopied')
    })
    expect(await tenancy.run(b, names)).toEqual([b.schema])
  })

  test('prepares a query for each tenant, and again when a migration changed its columns', async () => {
    await fillOne()
    for (let round = 0; round < 3; round++) for (const tenant of tenants) await tenancy.run(tenant, firstAuthor)
    await admin.query(`alter table "${b.schema}".authors add column note text default 'new'`)
    for (let round = 0; round < 6; round++) {
      expect(await tenancy.run(b, firstAuthor)).toEqual([{ id: 1, name: b.schema, note: 'new' }])
      expect(await tenancy.run(a, firstAuthor)).toEqual([{ id: 1, name: a.schema }])
    }
    await admin.query(`alter table "${b.schema}".authors drop column note`)
  })

  test('hides temporary tables that a function of another tenant left in the session', async () => {
    await admin.query(
      `create function "${a.schema}".leave() returns void language plpgsql as
       'begin create temp table left_behind as select 1 as secret; end'`,
    )
    for (let round = 0; round < 5; round++) {
      await tenancy.run(a, async () => void (await sql`select leave()`))
      for (let other = 0; other < 5; other++) {
        expect(codeOf(await tenancy.run(b, () => refused(sql`select * from left_behind`)))).toBe('42P01')
      }
    }
    await admin.query(`drop function "${a.schema}".leave()`)
  })

  test('cancels a query while it runs and while it waits', async () => {
    // PgBouncer passes on the cancellation of a running query, not of one that still waits for a server connection.
    await withServerConnections(4, () =>
      tenancy.run(a, async () => {
        const running = sql`select pg_sleep(20)`
        const waiting = Array.from({ length: 6 }, () => sql`select pg_sleep(20)`)
        const failures = [running, ...waiting].map((query) => refused(query))
        await new Promise((resolve) => setTimeout(resolve, 200))
        for (const query of [running, ...waiting]) query.cancel()
        expect((await Promise.all(failures)).map(codeOf)).toEqual(failures.map(() => '57014'))
        expect([...(await sql`select 1 as one`)]).toEqual([{ one: 1 }])
      }),
    )
  })

  test('never sends a query again outside its tenant when its plan is stale or forgotten', async () => {
    const plain = postgres(url, { max: 1 })
    const own = tenantPostgresJs(tenancy, plain)
    // In every tenant, and at once: a tenant without the table would be refused, also a moment after this test.
    const tables = ['public', ...tenants.map(({ schema }) => schema)].map((schema) => `"${schema}".things`)
    await admin.query(
      tables.map((table) => `create table ${table} (owner text); insert into ${table} values ('${table}')`).join('; '),
    )
    const mine = { owner: `"${a.schema}".things` }
    const reads = {
      'without values': () => own`select * from things`,
      'with values': () => own`select * from things where ${1} = 1`,
    }
    await tenancy.run(a, async () => {
      for (const [how, read] of Object.entries(reads)) {
        for (let n = 0; n < 3; n++) expect({ how, rows: [...(await read())] }).toMatchObject({ how, rows: [mine] })
        await admin.query(`alter table "${a.schema}".things add column "${how}" int`)
        for (let n = 0; n < 3; n++) expect({ how, rows: [...(await read())] }).toMatchObject({ how, rows: [mine] })
        // Behind a pooler the next query may reach another session, and postgres.js does not notice.
        await plain.unsafe('deallocate all')
        for (let n = 0; n < 3; n++) expect({ how, rows: [...(await read())] }).toMatchObject({ how, rows: [mine] })
      }
    })
    await own.end()
    await admin.query(`drop table ${tables.join(', ')}`)
  })

  test('keeps a transaction that it reported as committed, when the session that prepared its COMMIT is gone', async () => {
    await fillOne()
    await tenancy.run(a, () => sql.begin((within) => within`select 1`))
    // A pooler may do so at any time; on a direct route, prepared statements are lost with the connection.
    if (isPooled) {
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() ${ofTheApp}`,
      )
      await tenancy.run(a, settledNames)
    }
    await tenancy.run(a, () => sql.begin((within) => within`update authors set name = 'kept'`))
    expect(await tenancy.run(a, names)).toEqual(['kept'])
  })

  test('works on after a connection breaks, idle, in a query or in a transaction', async () => {
    await fillOne()
    const ours = `from pg_stat_activity where datname = current_database() and application_name = 'postgres.js' ${ofTheApp}`
    const asleep = async (): Promise<number> => (await admin.query(`select pid ${ours} and wait_event = 'PgSleep'`)).rows.length
    for (let round = 0; round < 6; round++) {
      await withServerConnections(2, async () => {
        const failures = tenancy.run(a, () =>
          Promise.all([refused(sql`select pg_sleep(20)`), refused(sql.begin((within) => within`select pg_sleep(20)`))]),
        )
        await expect.poll(asleep, { timeout: 10_000 }).toBe(2)
        await admin.query(`select pg_terminate_backend(pid) ${ours}`)
        await failures
      })
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, index) => tenancy.run(tenants[index % 4]!, () => settledNames())),
      )
      answers.forEach((rows, index) => expect(rows).toEqual([tenants[index % 4]!.schema]))
    }
  })

  test('keeps its tenant in savepoints, pipelines and transactions of another scope', async () => {
    await fillOne()
    await tenancy.run(a, async () => {
      const answers = await sql.begin((within) => [within`select name from authors`, within`select current_schema() as schema`])
      expect(answers).toMatchObject([[{ name: a.schema }], [{ schema: a.schema }]])
      const foreign = sql.begin(async (within) => {
        await within.savepoint('mark', async (inner) => {
          expect(codeOf(await refused(tenancy.run(b, async () => inner`select 1`)))).toBe('WRONG_TENANT')
        })
        return within`select current_schema() as schema`
      })
      expect(await foreign).toMatchObject([{ schema: a.schema }])
    })
  })

  test('ends when the work is done, and refuses further queries', async () => {
    await fillOne()
    const other = tenantPostgresJs(tenancy, postgres(url, { max: 2 }))
    await tenancy.run(a, async () => {
      const slow = other`select pg_sleep(0.2), name from authors`
      const [rows] = await Promise.all([slow, new Promise((resolve) => setTimeout(resolve, 50)).then(() => other.end())])
      expect(rows[0]!.name).toBe(a.schema)
      expect(codeOf(await refused(other`select 1`))).toBe('UNSAFE_STATEMENT')
    })
  })
})

/** How many writes to sockets `work` makes. */
async function countingWrites(work: () => Promise<void>): Promise<number> {
  const { Socket } = await import('node:net')
  const original = Socket.prototype.write
  let writes = 0
  Socket.prototype.write = function write(this: unknown, ...args: any[]) {
    writes += 1
    return Reflect.apply(original, this, args)
  } as never
  try {
    await work()
  } finally {
    Socket.prototype.write = original
  }
  return writes
}

/** Of several times the least: what else writes in this process meanwhile, such as a connection that is opened, only adds to it. */
async function writesOf(work: () => Promise<void>): Promise<number> {
  const counts: number[] = []
  for (let round = 0; round < 5; round++) counts.push(await countingWrites(work))
  return Math.min(...counts)
}
