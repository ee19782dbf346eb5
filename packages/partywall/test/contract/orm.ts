/**
 * What every library must do on tenancy.pool, unchanged: one suite for all of them. A subject adapts one library to the few
 * operations below; each test looks at the rows on the real server, with a client that is no tenant's.
 *
 * What a library cannot do, its test names with a reason: `lacks: { streaming: '…' }`. The suite then holds it to that.
 */
import { Client } from 'pg'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createTenancy, type Config, type Tenancy, type Tenant } from 'partywall'
import { setAlarm } from '../support/alarms.ts'
import { testDatabase } from '../support/database.ts'
import { fakeTenant } from '../support/two-tenants.ts'

export interface Author {
  readonly id: number
  readonly name: string
}

export type Mood = 'calm' | 'busy' | 'wild'

export interface Book {
  readonly id: number
  readonly authorId: number
  readonly title: string
  /** The name of a plan, in the shared schema. */
  readonly plan: string
  /** An enum type of the tenant's schema: its number differs from tenant to tenant. */
  readonly mood: Mood
  readonly moods: readonly Mood[]
  readonly tags: readonly string[]
}

export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable'

/** The tables are authors, books and the shared table plans; see `tenantTables` and `sharedTables` below. */
export interface OrmOperations {
  addAuthor(author: Author): Promise<unknown>
  renameAuthor(id: number, name: string): Promise<unknown>
  removeAuthor(id: number): Promise<unknown>
  /** By id. */
  authors(): Promise<readonly Author[]>
  addBook(book: Book): Promise<unknown>
  /** By id. */
  books(): Promise<readonly Book[]>
  /** By the library's own means for relations, if it has such; authors and titles by id. Authors without books count. */
  authorsWithBooks(): Promise<readonly { readonly name: string; readonly books: readonly string[] }[]>
  /** Books joined with the shared table, by the book's id. */
  booksWithPrice(): Promise<readonly { readonly title: string; readonly price: number }[]>
  /** The library's way for SQL of one's own. The text has $1, $2, …; a subject rewrites them if its library wants others. */
  raw(text: string, values?: readonly unknown[]): Promise<readonly any[]>
}

export interface OrmTransaction extends OrmOperations {
  /** A transaction in the transaction, by a savepoint: undone when `work` fails. */
  nested?<T>(work: (inner: OrmTransaction) => Promise<T>): Promise<T>
}

export interface OrmSubject extends OrmOperations {
  transaction<T>(work: (transaction: OrmTransaction) => Promise<T>, level?: IsolationLevel): Promise<T>
  /** All authors by id, not read at once. Who stops early must give the connection back. */
  stream?(): AsyncIterable<Author>
  /** The library's own good-bye. It must leave the pool, which is not its own, alone. */
  close?(): Promise<unknown>
}

export interface OrmContractOptions {
  /** What the library has no means for, and why. */
  readonly lacks?: Partial<Record<'isolation levels' | 'savepoints' | 'streaming', string>>
  /** Further options of the tenancy. */
  readonly config?: Omit<Config, 'database' | 'root'>
}

export interface OrmContractSetup {
  readonly tenancy: Tenancy
  readonly url: string
  /** Four tenants, made by migrations. The rows of all have the same primary keys. */
  readonly tenants: readonly Tenant[]
  readonly subject: OrmSubject
  /** A client that is no tenant's, for looking. */
  readonly admin: Client
  /** Takes all rows from the tables of the four. */
  empty(): Promise<void>
}

/** Declares the suite, and gives what it has set up to the library's own tests. Call it at the top of a test file. */
export async function ormContract(
  name: string,
  makeSubject: (tenancy: Tenancy, url: string) => OrmSubject | Promise<OrmSubject>,
  { lacks = {}, config = {} }: OrmContractOptions = {},
): Promise<OrmContractSetup> {
  const { tenancy, url, admin, tenants } = await fourTenants(config)
  const subject = await makeSubject(tenancy, url)
  const [a, b, c, d] = tenants as [Tenant, Tenant, Tenant, Tenant]
  const inTenant = <T>(tenant: Tenant, work: () => Promise<T>): Promise<T> => tenancy.run(tenant, work) as Promise<T>
  const rowsOnServer = async (tenant: Tenant, table = 'authors'): Promise<any[]> =>
    (await admin.query(`select * from "${tenant.schema}".${table} order by id`)).rows
  const empty = async (): Promise<void> => {
    await admin.query(tenants.map(({ schema }) => `truncate "${schema}".authors, "${schema}".books;`).join(' '))
  }
  const each = <T>(work: (tenant: Tenant) => Promise<T>): Promise<T[]> =>
    Promise.all(tenants.map((tenant) => inTenant(tenant, () => work(tenant))))
  const fill = async (count = 1): Promise<void> => {
    await empty()
    for (const { schema } of tenants) {
      await admin.query(`insert into "${schema}".authors select n, $1 || ' ' || n from generate_series(1, $2::int) as n`, [
        schema,
        count,
      ])
    }
  }
  const bookOf = (tenant: Tenant, id = 1): Book => ({
    id,
    authorId: 1,
    title: `book ${id} of ${tenant.schema}`,
    plan: id % 2 === 0 ? 'gold' : 'free',
    mood: moods[tenants.indexOf(tenant) % moods.length]!,
    moods: ['wild', moods[tenants.indexOf(tenant) % moods.length]!],
    tags: [tenant.schema, 'a, "b"'],
  })

  describe(`${name} on one pool`, () => {
    it('writes, reads, changes and removes the rows of its tenant', async () => {
      await empty()
      await each(async (tenant) => {
        await subject.addAuthor(authorOf(tenant, 1))
        await subject.addAuthor(authorOf(tenant, 2))
        await subject.addAuthor(authorOf(tenant, 3))
        await subject.renameAuthor(2, `${tenant.schema} renamed`)
        await subject.removeAuthor(3)
        expect(await subject.authors()).toEqual([authorOf(tenant, 1), { id: 2, name: `${tenant.schema} renamed` }])
      })
      for (const tenant of tenants) {
        expect(await rowsOnServer(tenant)).toEqual([authorOf(tenant, 1), { id: 2, name: `${tenant.schema} renamed` }])
      }
    })

    it('follows relations inside the tenant', async () => {
      await fill(2)
      await each(async (tenant) => {
        await subject.addBook(bookOf(tenant, 1))
        await subject.addBook(bookOf(tenant, 2))
        expect(await subject.authorsWithBooks()).toEqual([
          { name: `${tenant.schema} 1`, books: [`book 1 of ${tenant.schema}`, `book 2 of ${tenant.schema}`] },
          { name: `${tenant.schema} 2`, books: [] },
        ])
      })
    })

    it('joins a shared table with a table of the tenant', async () => {
      await fill()
      await each(async (tenant) => {
        await subject.addBook(bookOf(tenant, 1))
        await subject.addBook(bookOf(tenant, 2))
        expect(await subject.booksWithPrice()).toEqual([
          { title: `book 1 of ${tenant.schema}`, price: 0 },
          { title: `book 2 of ${tenant.schema}`, price: 900 },
        ])
      })
    })

    it('runs SQL of the user, with and without values', async () => {
      await fill(2)
      await each(async (tenant) => {
        expect(await subject.raw('select current_schema() as schema')).toEqual([{ schema: tenant.schema }])
        expect(await subject.raw('select name from authors where id = $1 or name = $2', [1, 'nobody'])).toEqual([
          { name: `${tenant.schema} 1` },
        ])
      })
    })

    it('reads enums and arrays in each tenant, also in one that was made later', async () => {
      await fill()
      for (const tenant of tenants) {
        await inTenant(tenant, async () => {
          await subject.addBook(bookOf(tenant))
          expect(await subject.books()).toEqual([bookOf(tenant)])
        })
      }
      const late = await tenancy.tenants.create({ schema: `late-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}` })
      await inTenant(late, async () => {
        await subject.addAuthor(authorOf(late))
        const book = { ...bookOf(a), tags: [] }
        await subject.addBook(book)
        expect(await subject.books()).toEqual([book])
      })
    })

    it('leaves nothing of a failed statement to another tenant', async () => {
      await fill()
      for (let round = 0; round < 6; round++) {
        const failures = await Promise.all([
          inTenant(a, () => refused(subject.addAuthor(authorOf(a)))),
          inTenant(b, () => refused(subject.raw('select * from nowhere'))),
          inTenant(c, () => refused(subject.raw('select 1 / $1::int', [0]))),
          inTenant(d, () => refused(subject.transaction((transaction) => transaction.raw('select * from nowhere')))),
        ])
        expect(failures.map(codeOf)).toEqual(['23505', '42P01', '22012', '42P01'])
        const turned = [...tenants.slice(round % 4), ...tenants.slice(0, round % 4)]
        for (const tenant of turned) expect(await inTenant(tenant, () => subject.authors())).toEqual([authorOf(tenant)])
      }
    })

    it('is refused outside of every scope, and works on when that is over', async () => {
      await fill()
      expect(codeOf(await refused(subject.authors()))).toBe('NO_TENANT')
      expect(codeOf(await refused(subject.raw('select 1')))).toBe('NO_TENANT')
      expect(codeOf(await refused(subject.transaction((transaction) => transaction.authors())))).toBe('NO_TENANT')
      expect(await inTenant(a, () => subject.authors())).toEqual([authorOf(a)])
    })

    it('keeps apart what runs at the same time and waits for a connection', async () => {
      await fill()
      const turns = Array.from({ length: 40 }, (_, index) => tenants[(index * 7) % 4]!)
      const answers = await Promise.all(turns.map((tenant) => inTenant(tenant, () => subject.authors())))
      answers.forEach((rows, index) => expect(rows).toEqual([authorOf(turns[index]!)]))
      expect(tenancy.pool.totalCount).toBeLessThanOrEqual(4)
    })
  })

  describe(`a transaction of ${name}`, () => {
    it('keeps all of its rows, in its tenant', async () => {
      await empty()
      const answers = await each((tenant) =>
        subject.transaction(async (transaction) => {
          await transaction.addAuthor(authorOf(tenant))
          await transaction.addBook(bookOf(tenant))
          const [row] = await transaction.raw('select name from authors where id = $1', [1])
          return row
        }),
      )
      expect(answers).toEqual(tenants.map((tenant) => ({ name: `${tenant.schema} 1` })))
      for (const tenant of tenants) {
        expect(await rowsOnServer(tenant)).toEqual([authorOf(tenant)])
        expect(await rowsOnServer(tenant, 'books')).toMatchObject([{ title: `book 1 of ${tenant.schema}` }])
      }
    })

    it('keeps none of them when it fails', async () => {
      await empty()
      await each(async (tenant) => {
        const failing = subject.transaction(async (transaction) => {
          await transaction.addAuthor(authorOf(tenant))
          throw new Error('changed my mind')
        })
        await expect(failing).rejects.toThrow('changed my mind')
        expect(await subject.authors()).toEqual([])
      })
    })

    it('belongs to one tenant: in the scope of another it is refused, and nothing is kept', async () => {
      await empty()
      const error = await inTenant(a, () =>
        refused(
          subject.transaction(async (transaction) => {
            await transaction.addAuthor(authorOf(a))
            await tenancy.run(b, () => transaction.addAuthor(authorOf(b)))
          }),
        ),
      )
      expect(codeOf(error)).toBe('WRONG_TENANT')
      for (const tenant of tenants) expect(await rowsOnServer(tenant)).toEqual([])
    })

    const levels: IsolationLevel[] = ['read committed', 'repeatable read', 'serializable']
    given(
      'isolation levels',
      () => subject.transaction.length < 2,
      () => {
        it.each(levels)('has the isolation level %s', async (level) => {
          await fill()
          await inTenant(a, () =>
            subject.transaction(async (transaction) => {
              expect(await transaction.raw(`select current_setting('transaction_isolation') as level`)).toEqual([{ level }])
              expect(await transaction.authors()).toHaveLength(1)
              await admin.query(`insert into "${a.schema}".authors values (2, 'from outside')`)
              expect(await transaction.authors()).toHaveLength(level === 'read committed' ? 2 : 1)
            }, level),
          )
        })
      },
    )

    given('savepoints', hasNoSavepoints, () => {
      it('undoes a part of itself and goes on in the same tenant', async () => {
        await empty()
        await each((tenant) =>
          subject.transaction(async (outer) => {
            await outer.addAuthor(authorOf(tenant, 1))
            const failing = outer.nested!(async (inner) => {
              await inner.addAuthor(authorOf(tenant, 2))
              await inner.nested!(async (innermost) => void (await innermost.addAuthor(authorOf(tenant, 3))))
              await inner.addAuthor(authorOf(tenant, 1))
            })
            expect(codeOf(await refused(failing))).toBe('23505')
            expect(await outer.authors()).toEqual([authorOf(tenant, 1)])
            await outer.nested!(async (inner) => void (await inner.addAuthor(authorOf(tenant, 4))))
          }),
        )
        for (const tenant of tenants) expect(await rowsOnServer(tenant)).toEqual([authorOf(tenant, 1), authorOf(tenant, 4)])
      })

      it('undoes a savepoint before the first statement that follows it', async () => {
        await empty()
        await each((tenant) =>
          subject.transaction(async (outer) => {
            const failing = outer.nested!(async () => {
              throw new Error('at once')
            })
            await expect(failing).rejects.toThrow('at once')
            expect(await outer.raw('select current_schema() as schema')).toEqual([{ schema: tenant.schema }])
          }),
        )
      })
    })
  })

  describe(`a stream of ${name}`, () => {
    given(
      'streaming',
      () => subject.stream === undefined,
      () => {
        const count = 500

        it('brings the rows of its tenant, while others query and stream', async () => {
          await fill(count)
          const streamed = async (tenant: Tenant): Promise<void> => {
            const seen: Author[] = []
            for await (const author of subject.stream!()) {
              seen.push(author)
              if (author.id === 7) expect(await inTenant(d, () => subject.authors())).toHaveLength(count)
            }
            expect(seen).toEqual(Array.from({ length: count }, (_, index) => authorOf(tenant, index + 1)))
            expect(await subject.raw('select current_schema() as schema')).toEqual([{ schema: tenant.schema }])
          }
          await Promise.all([a, b, c].map((tenant) => inTenant(tenant, () => streamed(tenant))))
        })

        it('gives its connection back when its reader stops early', async () => {
          await fill(count)
          for (let round = 0; round < 6; round++) {
            const tenant = tenants[round % 4]!
            await inTenant(tenant, async () => {
              for await (const author of subject.stream!()) if (author.id === 3) break
            })
          }
          await atRest(tenancy)
          await each(async (tenant) => expect((await subject.authors())[0]).toEqual(authorOf(tenant)))
        })

        it('tells an error, and gives its connection back', async () => {
          await fill(count)
          await admin.query(`alter table "${b.schema}".authors rename to hidden`)
          const error = await inTenant(b, async () => {
            try {
              for await (const author of subject.stream!()) throw new Error(`a row of nobody: ${JSON.stringify(author)}`)
            } catch (failure) {
              return failure
            } finally {
              await admin.query(`alter table "${b.schema}".hidden rename to authors`)
            }
            return undefined
          })
          expect(codeOf(error)).toBe('42P01')
          await atRest(tenancy)
        })
      },
    )
  })

  describe(`${name} with a hundred tenants`, () => {
    it('serves them interleaved on four connections', async () => {
      const crowd = Array.from({ length: 100 }, (_, index) => fakeTenant(`crowd_${String(index).padStart(3, '0')}`))
      await admin.query(
        `do $$ begin for n in 0..99 loop execute format(
           'create schema %1$I; create table %1$I.authors (id int primary key, name text not null);', 'crowd_' || lpad(n::text, 3, '0')
         ); end loop; end $$`,
      )
      for (const round of [1, 2]) {
        await Promise.all(crowd.map((tenant) => inTenant(tenant, () => workRound(tenant, round))))
        expect(tenancy.pool.totalCount).toBeLessThanOrEqual(4)
      }
      for (const tenant of crowd) {
        expect(await rowsOnServer(tenant)).toEqual([1, 2].map((id) => ({ id, name: `${tenant.schema} ${id}!` })))
      }
    })
  })

  describe(`in the end, ${name}`, () => {
    it('has put nothing into the shared schema', async () => {
      const { rows } = await admin.query(
        `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
      )
      expect(rows).toEqual([{ name: 'partywall_migrations' }, { name: 'plans' }])
      expect((await admin.query('select name from public.plans order by name')).rows).toEqual([
        { name: 'free' },
        { name: 'gold' },
      ])
    })
  })

  // Hooks after tests run in reverse order: this one comes before the end of the pool.
  afterAll(async () => {
    await subject.close?.()
    expect(await inTenant(a, async () => (await tenancy.pool.query('select current_schema() as schema')).rows)).toEqual([
      { schema: a.schema },
    ])
  })
  return { tenancy, url, tenants, subject, admin, empty }

  function hasNoSavepoints(): Promise<boolean> {
    return inTenant(a, () => subject.transaction((transaction) => Promise.resolve(transaction.nested === undefined)))
  }

  /** One round of work of one tenant among many; round 2 finds what round 1 left. */
  async function workRound(tenant: Tenant, round: number): Promise<void> {
    await subject.addAuthor(authorOf(tenant, round))
    await subject.transaction(async (transaction) => {
      await transaction.raw('update authors set name = name || $1 where id = $2', ['!', round])
      expect(await transaction.raw('select current_schema() as schema')).toEqual([{ schema: tenant.schema }])
    })
    const own = Array.from({ length: round }, (_, index) => ({ id: index + 1, name: `${tenant.schema} ${index + 1}!` }))
    expect(await subject.authors()).toEqual(own)
  }

  /** Declares `tests`, or the one that holds a library to what it is said to lack. */
  function given(capability: keyof typeof lacks, isLacking: () => boolean | Promise<boolean>, tests: () => void): void {
    const reason = lacks[capability]
    // oxlint-disable-next-line vitest/no-conditional-tests -- the condition is known before, and both ways hold the library to something
    if (reason === undefined) tests()
    else it(`has no ${capability}: ${reason}`, async () => expect(await isLacking()).toBe(true))
  }
}

function authorOf({ schema }: Tenant, id = 1): Author {
  return { id, name: `${schema} ${id}` }
}

const moods: readonly Mood[] = ['calm', 'busy', 'wild']

const sharedTables = `
  create table plans (name text primary key, price int not null);
  insert into plans values ('free', 0), ('gold', 900);
`

const tenantTables = `
  create type mood as enum ('calm', 'busy', 'wild');
  create table authors (id int primary key, name text not null);
  create table books (
    id int primary key,
    author_id int not null references authors,
    title text not null,
    plan text not null references plans,
    mood mood not null,
    moods mood[] not null,
    tags text[] not null
  );
`

async function fourTenants(config: OrmContractOptions['config']) {
  const { url } = await testDatabase()
  const root = await mkdtemp(join(tmpdir(), 'partywall-orm-'))
  for (const [folder, text] of Object.entries({ shared: sharedTables, tenant: tenantTables })) {
    await mkdir(join(root, 'migrations', folder), { recursive: true })
    await writeFile(join(root, 'migrations', folder, '0001_tables.sql'), text)
  }
  const tenancy = createTenancy({ ...config, database: url, root, pool: { max: 4, ...config?.pool } })
  const admin = new Client(url)
  await admin.connect()
  afterAll(async () => {
    await tenancy.close()
    await admin.end()
    await rm(root, { recursive: true, force: true })
  })
  await tenancy.migrations.run()
  const tenants: Tenant[] = []
  // A name that needs quotes is among them.
  for (const schema of ['acme', 'bolt', 'coop-42', 'dune']) tenants.push(await tenancy.tenants.create({ schema }))
  setAlarm(() => atRest(tenancy))
  return { tenancy, url, admin, tenants }
}

/** Some libraries give a connection back a moment after they have answered. */
async function atRest(tenancy: Tenancy): Promise<void> {
  await expect
    .poll(() => tenancy.pool.totalCount - tenancy.pool.idleCount + tenancy.pool.waitingCount, {
      message: 'connections of tenancy.pool that were not given back',
      timeout: 2000,
    })
    .toBe(0)
}

/** The error of a promise that must fail. */
export async function refused(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It was expected to fail, and did not.')
}

/** The code of an error of PostgreSQL or partywall, which libraries wrap in one of their own. */
export function codeOf(error: unknown): unknown {
  for (let inner: any = error, depth = 0; inner instanceof Error && depth < 8; depth++) {
    const { code, cause, original, parent, driverError, nativeError } = inner as any
    if (typeof code === 'string' && /^([0-9A-Z]{5}|[A-Z]+_[A-Z_]+)$/.test(code)) return code
    inner = cause ?? original ?? parent ?? driverError ?? nativeError
  }
  return error
}
