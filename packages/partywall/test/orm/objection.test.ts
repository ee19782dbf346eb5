import { knex, type Knex } from 'knex'
import { Model } from 'objection'
import { expect, test } from 'vitest'
import type { Tenancy } from 'partywall'
import { tenantKnex } from '../../src/orm/knex.ts'
import {
  codeOf,
  ormContract,
  refused,
  type Author,
  type OrmOperations,
  type OrmSubject,
  type OrmTransaction,
} from '../contract/orm.ts'
import { knexOperations } from './knex-operations.ts'

class AuthorModel extends Model {
  static override tableName = 'authors'
  static override relationMappings = () => ({
    books: { relation: Model.HasManyRelation, modelClass: BookModel, join: { from: 'authors.id', to: 'books.author_id' } },
  })
  declare id: number
  declare name: string
  declare books?: BookModel[]
}

class BookModel extends Model {
  static override tableName = 'books'
  static override relationMappings = () => ({
    ofPlan: { relation: Model.BelongsToOneRelation, modelClass: PlanModel, join: { from: 'books.plan', to: 'plans.name' } },
  })
  declare id: number
  declare title: string
  declare ofPlan?: PlanModel
}

class PlanModel extends Model {
  static override tableName = 'plans'
  static override idColumn = 'name'
  declare price: number
}

const { tenancy, tenants, admin, subject } = await ormContract('Objection', subjectOf)
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

async function subjectOf(ofTenants: Tenancy): Promise<OrmSubject> {
  const db = tenantKnex(ofTenants, knex, { log: { warn: () => {} } })
  Model.knex(db)
  // See the test of the columns of a shared table below.
  await ofTenants.runShared(() => PlanModel.fetchTableMetadata())
  return {
    ...operations(db),
    transaction: (work, isolationLevel) =>
      db.transaction((transaction) => work(transactionOn(transaction)), isolationLevel && { isolationLevel }),
    stream: () => AuthorModel.query().orderBy('id').toKnexQuery().stream({ batchSize: 20 }) as AsyncIterable<Author>,
    close: () => db.destroy(),
  }
}

function operations(on: Knex): OrmOperations {
  return {
    ...knexOperations(on),
    addAuthor: async (author) => AuthorModel.query(on).insert(author),
    renameAuthor: async (id, name) => AuthorModel.query(on).findById(id).patch({ name }),
    removeAuthor: async (id) => AuthorModel.query(on).deleteById(id),
    authors: async () => (await AuthorModel.query(on).orderBy('id')).map(({ id, name }) => ({ id, name })),
    authorsWithBooks: async () => {
      const authors = await AuthorModel.query(on)
        .withGraphFetched('books')
        .modifyGraph('books', (books) => void books.orderBy('id'))
        .orderBy('id')
      return authors.map(({ name, books = [] }) => ({ name, books: books.map(({ title }) => title) }))
    },
    booksWithPrice: async () => {
      const books = await BookModel.query(on).withGraphJoined('ofPlan').orderBy('books.id')
      return books.map(({ title, ofPlan }) => ({ title, price: ofPlan!.price }))
    },
  }
}

function transactionOn(transaction: Knex.Transaction): OrmTransaction {
  return {
    ...operations(transaction),
    nested: (work) => transaction.transaction((inner) => work(transactionOn(inner))),
  }
}

test('Objection remembers the columns of a table from the first tenant that joins it, for all tenants', async () => {
  class Note extends Model {
    static override tableName = 'notes'
    static override relationMappings = {
      more: { relation: Model.HasManyRelation, modelClass: Note, join: { from: 'notes.id', to: 'notes.of' } },
    }
  }
  const columns = { [a.schema]: 'id int, "of" int', [b.schema]: 'id int, "of" int, body text' }
  for (const [schema, list] of Object.entries(columns)) {
    await admin.query(`create table "${schema}".notes (${list}); insert into "${schema}".notes (id) values (1)`)
  }
  expect(await tenancy.run(a, () => Note.query().withGraphJoined('more'))).toEqual([{ id: 1, of: null, more: [] }])
  expect(await tenancy.run(b, () => Note.query().withGraphJoined('more')), 'body is left out').toEqual([
    { id: 1, of: null, more: [] },
  ])
})

test('Objection finds the columns of a shared table when they were fetched in the shared scope, and misses them otherwise', async () => {
  class SharedPlan extends Model {
    static override tableName = 'plans'
    static override idColumn = 'name'
  }
  class OtherBook extends Model {
    static override tableName = 'books'
    static override relationMappings = {
      ofPlan: { relation: Model.BelongsToOneRelation, modelClass: SharedPlan, join: { from: 'books.plan', to: 'plans.name' } },
    }
  }
  await tenancy.run(a, async () => {
    await admin.query(`truncate "${a.schema}".authors, "${a.schema}".books`)
    await subject.addAuthor({ id: 1, name: 'one' })
    await subject.addBook({ id: 1, authorId: 1, title: 'one', plan: 'gold', mood: 'calm', moods: [], tags: [] })
  })
  const plans = async (): Promise<unknown> => {
    const books = (await tenancy.run(a, () => OtherBook.query().withGraphJoined('ofPlan'))) as unknown as { ofPlan: object }[]
    return books.map(({ ofPlan }) => ({ ...ofPlan }))
  }
  expect(await plans(), 'what to protect from').toEqual([{}])
  await tenancy.runShared(() => SharedPlan.fetchTableMetadata({ force: true }))
  expect(await plans()).toEqual([{ name: 'gold', price: 900 }])
})

test('Objection is refused outside every scope when it reads the columns of a table', async () => {
  class Loose extends Model {
    static override tableName = 'authors'
  }
  expect(codeOf(await refused(Loose.fetchTableMetadata()))).toBe('NO_TENANT')
  expect((await tenancy.run(a, () => Loose.fetchTableMetadata())).columns).toEqual(['id', 'name'])
})
