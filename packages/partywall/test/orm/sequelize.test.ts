import pg from 'pg'
import { DataTypes, Sequelize, type Transaction, type Transactionable } from 'sequelize'
import { describe, expect, test } from 'vitest'
import { tenantSequelizeOptions } from '../../src/orm/sequelize.ts'
import { codeOf, ormContract, refused, type OrmOperations, type OrmTransaction } from '../contract/orm.ts'

let sequelize: Sequelize

function defineModels(): void {
  const options = { timestamps: false }
  const Author = sequelize.define(
    'Author',
    { id: { type: DataTypes.INTEGER, primaryKey: true }, name: DataTypes.TEXT },
    { ...options, tableName: 'authors' },
  )
  const Plan = sequelize.define(
    'Plan',
    { name: { type: DataTypes.TEXT, primaryKey: true }, price: DataTypes.INTEGER },
    { ...options, tableName: 'plans' },
  )
  const Book = sequelize.define(
    'Book',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true },
      authorId: { type: DataTypes.INTEGER, field: 'author_id' },
      title: DataTypes.TEXT,
      plan: DataTypes.TEXT,
      // The name of the type in the migration: DataTypes.ENUM would create a name of its own, in "public".
      mood: 'mood',
      moods: 'mood[]',
      tags: DataTypes.ARRAY(DataTypes.TEXT),
    },
    { ...options, tableName: 'books' },
  )
  Author.hasMany(Book, { foreignKey: 'authorId', as: 'books' })
  Book.belongsTo(Author, { foreignKey: 'authorId', as: 'author' })
  Book.belongsTo(Plan, { foreignKey: 'plan', targetKey: 'name', as: 'price' })
}

function operations(within: Transactionable = {}): OrmOperations {
  const { Author, Book } = sequelize.models as any
  return {
    addAuthor: (author) => Author.create(author, within),
    renameAuthor: (id, name) => Author.update({ name }, { where: { id }, ...within }),
    removeAuthor: (id) => Author.destroy({ where: { id }, ...within }),
    authors: () => Author.findAll({ order: ['id'], raw: true, ...within }),
    addBook: (book) => Book.create(book, within),
    books: () => Book.findAll({ order: ['id'], raw: true, ...within }),
    authorsWithBooks: async () => {
      const authors = await Author.findAll({ include: 'books', order: ['id', ['books', 'id', 'asc']], ...within })
      return authors.map(({ name, books }: any) => ({ name, books: books.map(({ title }: any) => title) }))
    },
    booksWithPrice: async () => {
      const books = await Book.findAll({ include: 'price', order: ['id'], ...within })
      return books.map((book: any) => ({ title: book.title, price: book.price.price }))
    },
    raw: async (text, values) => {
      const [rows] = await sequelize.query(text, { ...(values && { bind: [...values] }), ...within })
      return rows as any[]
    },
  }
}

/** Savepoints are created from the outermost transaction: see the test of their names below. */
function transaction(within: Transaction, outermost = within): OrmTransaction {
  return {
    ...operations({ transaction: within }),
    nested: (work) => sequelize.transaction({ transaction: outermost }, (inner) => work(transaction(inner, outermost))),
  }
}

const { tenancy, tenants, withServerConnections } = await ormContract(
  'Sequelize',
  (on) => {
    sequelize = new Sequelize(tenantSequelizeOptions(on, pg, { logging: false }))
    defineModels()
    return {
      ...operations(),
      transaction: (work, level = 'read committed') => {
        const isolationLevel = level.toUpperCase() as Transaction.ISOLATION_LEVELS
        return sequelize.transaction({ isolationLevel }, (inner) => work(transaction(inner)))
      },
      close: () => sequelize.close(),
    }
  },
  { lacks: { streaming: 'Sequelize reads a result at once; stream with tenancy.pool and pg-query-stream' } },
)
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

describe('tenantSequelizeOptions', () => {
  test('needs no tenant to authenticate', async () => {
    await sequelize.authenticate()
    const other = new Sequelize(tenantSequelizeOptions(tenancy, pg, { logging: false }))
    await other.authenticate()
    expect(other.getDatabaseName()).toBeFalsy()
    await other.close()
    expect(await tenancy.run(a, async () => sequelize.query('select 1 as one', { plain: true }))).toEqual({ one: 1 })
  })

  test('runs each statement in the scope of its caller, though Sequelize gives a connection to the caller that waited longest', async () => {
    const seen = await Promise.all(
      Array.from({ length: 60 }, (_, index) => tenants[index % tenants.length]!).map((tenant) =>
        tenancy.run(tenant, async () => {
          const outer = await sequelize.query('select current_schema() as schema', { plain: true })
          const inner = await sequelize.transaction((within) =>
            sequelize.query('select current_schema() as schema', { plain: true, transaction: within }),
          )
          return [tenant.schema, (outer as any).schema, (inner as any).schema]
        }),
      ),
    )
    for (const [own, outer, inner] of seen) expect([outer, inner]).toEqual([own, own])
  })

  test('sends no statement when it connects, so that no setting stays on a connection', async () => {
    const discarded: string[] = []
    const end = tenancy.on('connection.discarded', ({ reason }) => discarded.push(reason))
    await tenancy.run(a, async () => sequelize.query('select 1'))
    end()
    expect(discarded).toEqual([])
  })

  test('gives the client back when a transaction is left open', async () => {
    await tenancy.run(a, async () => {
      await sequelize.query('begin')
      expect(await sequelize.query('select current_schema() as schema', { plain: true })).toEqual({ schema: a.schema })
    })
  })

  test('reads several results of one text', async () => {
    const [rows] = await tenancy.run(b, async () => sequelize.query(`select 1 as one; select current_schema() as schema`))
    expect(rows).toEqual([{ one: 1 }, { schema: b.schema }])
  })

  test('has one name for two savepoints nested by their parents, and two when the outermost transaction is passed', async () => {
    const texts: string[] = []
    const logging = (text: string): void => void texts.push(text)
    await tenancy.run(a, () =>
      sequelize.transaction((outer) =>
        sequelize.transaction({ transaction: outer, logging }, (inner) =>
          sequelize.transaction({ transaction: inner, logging }, async () => {}),
        ),
      ),
    )
    const savepoints = texts.flatMap((text) => /SAVEPOINT (".*")/.exec(text)?.[1] ?? [])
    expect(savepoints).toHaveLength(2)
    expect(new Set(savepoints).size).toBe(1)
  })

  test('does not change that sync() puts enum types into "public": tables belong in migrations', async () => {
    const texts: string[] = []
    const Mooded = sequelize.define('Mooded', { mood: DataTypes.ENUM('calm', 'busy') }, { tableName: 'mooded' })
    // It looks for the type outside of the transaction.
    await withServerConnections(2, () =>
      tenancy.run(a, () =>
        refused(
          sequelize.transaction(async (within) => {
            await Mooded.sync({ logging: (text: string) => texts.push(text), transaction: within } as never)
            throw new Error('undone')
          }),
        ),
      ),
    )
    sequelize.modelManager.removeModel(Mooded)
    expect(texts.some((text) => text.includes('"public"."enum_mooded_mood"'))).toBe(true)
  })

  test.each([
    { host: 'localhost' },
    { pool: { max: 5 } },
    { dialectModule: pg },
    { schema: 'acme' },
    { searchPath: 'acme' },
    { dialectOptions: { prependSearchPath: true } },
    { native: true },
    { replication: {} },
  ])('refuses the option %o, and says what to do instead', (option) => {
    const [key] = Object.keys(option)
    expect(() => tenantSequelizeOptions(tenancy, pg, option as never)).toThrowError(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`refuses the option "${key}"`) }),
    )
  })

  test('refuses a schema for all models', () => {
    expect(() => tenantSequelizeOptions(tenancy, pg, { define: { schema: 'acme' } })).toThrow('define.schema')
  })

  test('refuses a transaction of another tenant', async () => {
    const within = await tenancy.run(a, () => sequelize.transaction())
    const error = await tenancy.run(b, () => refused(sequelize.query('select 1', { transaction: within })))
    expect(codeOf(error)).toBe('WRONG_TENANT')
    await tenancy.run(a, () => within.rollback())
  })
})
