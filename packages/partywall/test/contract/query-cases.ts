/** Cases of single queries on one pool. */
import { expect } from 'vitest'
import type { OrmCase } from './orm-case.ts'
import { authorOf } from './orm-world.ts'
import { codeOf, refused } from './refused.ts'

export const queryCases: readonly OrmCase[] = [
  {
    name: 'writes, reads, changes and removes the rows of its tenant',
    async run({ subject, tenants, each, empty, rowsOnServer }) {
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
    },
  },
  {
    name: 'follows relations inside the tenant',
    async run({ subject, each, fill, bookOf }) {
      await fill(2)
      await each(async (tenant) => {
        await subject.addBook(bookOf(tenant, 1))
        await subject.addBook(bookOf(tenant, 2))
        expect(await subject.authorsWithBooks()).toEqual([
          { name: `${tenant.schema} 1`, books: [`book 1 of ${tenant.schema}`, `book 2 of ${tenant.schema}`] },
          { name: `${tenant.schema} 2`, books: [] },
        ])
      })
    },
  },
  {
    name: 'joins a shared table with a table of the tenant',
    async run({ subject, each, fill, bookOf }) {
      await fill()
      await each(async (tenant) => {
        await subject.addBook(bookOf(tenant, 1))
        await subject.addBook(bookOf(tenant, 2))
        expect(await subject.booksWithPrice()).toEqual([
          { title: `book 1 of ${tenant.schema}`, price: 0 },
          { title: `book 2 of ${tenant.schema}`, price: 900 },
        ])
      })
    },
  },
  {
    name: 'runs SQL of the user, with and without values',
    async run({ subject, each, fill }) {
      await fill(2)
      await each(async (tenant) => {
        expect(await subject.raw('select current_schema() as schema')).toEqual([{ schema: tenant.schema }])
        expect(await subject.raw('select name from authors where id = $1 or name = $2', [1, 'no author'])).toEqual([
          { name: `${tenant.schema} 1` },
        ])
      })
    },
  },
  {
    name: 'reads enums and arrays in each tenant, also in one that was created later',
    async run({ name, subject, tenancy, tenants, inTenant, fill, bookOf }) {
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
        const book = { ...bookOf(tenants[0]!), tags: [] }
        await subject.addBook(book)
        expect(await subject.books()).toEqual([book])
      })
    },
  },
  {
    name: 'leaves nothing of a failed statement to another tenant',
    async run({ subject, tenants, four: [a, b, c, d], inTenant, fill }) {
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
    },
  },
  {
    name: 'is refused outside every scope, and works inside one afterwards',
    async run({ subject, four: [a], inTenant, fill }) {
      await fill()
      expect(codeOf(await refused(subject.authors()))).toBe('NO_TENANT')
      expect(codeOf(await refused(subject.raw('select 1')))).toBe('NO_TENANT')
      expect(codeOf(await refused(subject.transaction((transaction) => transaction.authors())))).toBe('NO_TENANT')
      expect(await inTenant(a, () => subject.authors())).toEqual([authorOf(a)])
    },
  },
  {
    name: 'keeps concurrent work apart that waits for a connection',
    async run({ subject, tenancy, tenants, inTenant, fill }) {
      await fill()
      const turns = Array.from({ length: 40 }, (_, index) => tenants[(index * 7) % 4]!)
      const answers = await Promise.all(turns.map((tenant) => inTenant(tenant, () => subject.authors())))
      answers.forEach((rows, index) => expect(rows).toEqual([authorOf(turns[index]!)]))
      expect(tenancy.pool.totalCount).toBeLessThanOrEqual(4)
    },
  },
]
