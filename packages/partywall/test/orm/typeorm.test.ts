import { DataSource, EntitySchema, type EntityManager } from 'typeorm'
import { describe, expect, test } from 'vitest'
import { tenantTypeormOptions, type TenantTypeormOptions } from '../../src/orm/typeorm.ts'
import {
  codeOf,
  ormContract,
  refused,
  type Author,
  type Book,
  type IsolationLevel,
  type OrmOperations,
  type OrmTransaction,
} from '../contract/orm.ts'
import { killSleeper } from '../support/servers/kill-sleeper.ts'

interface AuthorEntity extends Author {
  readonly books: Book[]
}

const Authors = new EntitySchema<AuthorEntity>({
  name: 'Author',
  tableName: 'authors',
  columns: { id: { type: 'int', primary: true }, name: { type: 'text' } },
  relations: { books: { type: 'one-to-many', target: 'Book', inverseSide: 'author' } },
})

const Books = new EntitySchema<Book & { author: AuthorEntity; price: { name: string; price: number } }>({
  name: 'Book',
  tableName: 'books',
  columns: {
    id: { type: 'int', primary: true },
    authorId: { type: 'int', name: 'author_id' },
    title: { type: 'text' },
    plan: { type: 'text' },
    mood: { type: 'enum', enum: ['calm', 'busy', 'wild'], enumName: 'mood' },
    moods: { type: 'enum', enum: ['calm', 'busy', 'wild'], enumName: 'mood', array: true },
    tags: { type: 'text', array: true },
  },
  relations: {
    author: { type: 'many-to-one', target: 'Author', joinColumn: { name: 'author_id' }, inverseSide: 'books' },
    price: { type: 'many-to-one', target: 'Plan', joinColumn: { name: 'plan', referencedColumnName: 'name' } },
  },
})

const Plans = new EntitySchema<{ name: string; price: number }>({
  name: 'Plan',
  tableName: 'plans',
  schema: 'public',
  columns: { name: { type: 'text', primary: true }, price: { type: 'int' } },
})

const entities = [Authors, Books, Plans]

function operations(manager: EntityManager): OrmOperations {
  return {
    addAuthor: (author) => manager.insert(Authors, author as AuthorEntity),
    renameAuthor: (id, name) => manager.update(Authors, { id }, { name }),
    removeAuthor: (id) => manager.delete(Authors, { id }),
    authors: async () => (await manager.find(Authors, { order: { id: 'asc' } })).map(({ id, name }) => ({ id, name })),
    addBook: (book) => manager.insert(Books, book as never),
    books: async () => (await manager.find(Books, { order: { id: 'asc' } })).map((book) => ({ ...book })),
    authorsWithBooks: async () => {
      const authors = await manager.find(Authors, { relations: { books: true }, order: { id: 'asc', books: { id: 'asc' } } })
      return authors.map(({ name, books }) => ({ name, books: books.map(({ title }) => title) }))
    },
    booksWithPrice: async () => {
      const books = await manager.find(Books, { relations: { price: true }, order: { id: 'asc' } })
      return books.map(({ title, price }) => ({ title, price: price.price }))
    },
    raw: (text, values) => manager.query(text, values as unknown[]),
  }
}

function transaction(manager: EntityManager): OrmTransaction {
  return {
    ...operations(manager),
    nested: (work) => manager.transaction((inner) => work(transaction(inner))),
  }
}

let dataSource: DataSource

const { tenancy, tenants, url, admin } = await ormContract('TypeORM', async (on) => {
  dataSource = await new DataSource(tenantTypeormOptions(on, { entities })).initialize()
  return {
    ...operations(dataSource.manager),
    transaction: (work, level) => {
      const isolation = (level ?? 'read committed').toUpperCase() as Uppercase<IsolationLevel>
      return dataSource.transaction(isolation, (manager) => work(transaction(manager)))
    },
    stream: async function* () {
      const runner = dataSource.createQueryRunner()
      try {
        const query = dataSource.createQueryBuilder(Authors, 'author', runner).orderBy('author.id')
        for await (const row of await query.stream()) yield { id: (row as any).author_id, name: (row as any).author_name }
      } finally {
        await runner.release()
      }
    },
    close: () => dataSource.destroy(),
  }
})
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

describe('tenantTypeormOptions', () => {
  test('needs no tenant to initialize, and learns the version of the server', () => {
    expect(dataSource.isInitialized).toBe(true)
    expect(dataSource.driver.version).toMatch(/^\d+/)
  })

  test('protects from TypeORM alone, which is refused when it initializes on tenancy.pool', async () => {
    const alone = new DataSource({ type: 'postgres', driver: { Pool: TheTenancys }, installExtensions: false, entities })
    expect(codeOf(await refused(alone.initialize()))).toBe('NO_TENANT')
  })

  test('refuses every kind of query outside every scope, and holds no connection', async () => {
    const runner = dataSource.createQueryRunner()
    expect(codeOf(await refused(runner.startTransaction()))).toBe('NO_TENANT')
    expect(codeOf(await refused(runner.stream('select 1')))).toBe('NO_TENANT')
    expect(codeOf(await refused(runner.query('select version(), 1')))).toBe('NO_TENANT')
    await runner.release()
    expect(codeOf(await refused(dataSource.getRepository(Authors).count()))).toBe('NO_TENANT')
  })

  test('reaches the shared schema in tenancy.runShared', async () => {
    expect(await tenancy.runShared(() => dataSource.getRepository(Plans).count())).toBe(2)
  })

  test('refuses a query runner that another tenant connected', async () => {
    const runner = dataSource.createQueryRunner()
    await tenancy.run(a, () => runner.connect())
    expect(codeOf(await refused(tenancy.run(b, () => runner.query('select 1'))))).toBe('WRONG_TENANT')
    await runner.release()
  })

  test('works on after a connection breaks while a query runner holds it', async () => {
    await tenancy.run(a, async () => {
      const runner = dataSource.createQueryRunner()
      const broken = refused(runner.query('select pg_sleep(20)'))
      await killSleeper(admin)
      await broken
      await runner.release()
      expect(await dataSource.query('select 1 as one')).toEqual([{ one: 1 }])
    })
  })

  test('saves an entity with its relations in one transaction of its tenant', async () => {
    await tenancy.run(b, async () => {
      await dataSource.getRepository(Authors).save({ id: 77, name: 'saved' } as AuthorEntity)
      const { rows } = await tenancy.pool.query('select name from authors where id = 77')
      expect(rows).toEqual([{ name: 'saved' }])
    })
  })

  test('leaves the pool open when it is destroyed, and can be initialized again', async () => {
    const other = await new DataSource(tenantTypeormOptions(tenancy, { entities })).initialize()
    const listeners = tenancy.pool.listenerCount('error')
    await other.destroy()
    expect(tenancy.pool.listenerCount('error')).toBe(listeners - 1)
    await other.initialize()
    expect(await tenancy.run(a, () => other.query('select 1 as one'))).toEqual([{ one: 1 }])
    await other.destroy()
  })

  test.each([
    { url },
    { schema: 'acme' },
    { cache: true },
    { synchronize: true },
    { dropSchema: true },
    { migrationsRun: true },
    { poolSize: 5 },
    { extra: { max: 5 } },
    { driver: {} },
    { parseInt8: true },
    { replication: { master: {}, slaves: [] } },
  ])('refuses the option %o, and says what to do instead', (option) => {
    const [key] = Object.keys(option)
    expect(() => tenantTypeormOptions(tenancy, { entities, ...option } as TenantTypeormOptions)).toThrowError(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`refuses the option "${key}"`) }),
    )
  })

  test('does not change that TypeORM writes "public" into the names of types: tables belong in migrations', async () => {
    await tenancy.run(a, async () => {
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log()
      expect(upQueries.some(({ query }) => query.includes('"public".'))).toBe(true)
    })
  })
})

/** TypeORM calls it with `new`. */
function TheTenancys(): object {
  return tenancy.pool
}
