/** Cases of transactions, and of savepoints in them. */
import { expect } from 'vitest'
import type { OrmCase } from './orm-case.ts'
import type { IsolationLevel } from './orm-subject.ts'
import { authorOf } from './orm-world.ts'
import { codeOf, refused } from './refused.ts'

export const transactionCases: readonly OrmCase[] = [
  {
    name: 'keeps all of its rows, in its tenant',
    async run({ subject, tenants, each, empty, bookOf, rowsOnServer }) {
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
    },
  },
  {
    name: 'keeps no row when it fails, and the next query reads its own tenant',
    async run({ subject, each, fill }) {
      await fill()
      await each(async (tenant) => {
        const failing = subject.transaction(async (transaction) => {
          await transaction.addAuthor(authorOf(tenant, 2))
          throw new Error('changed my mind')
        })
        await expect(failing).rejects.toThrow('changed my mind')
        expect(await subject.authors()).toEqual([authorOf(tenant)])
      })
    },
  },
  {
    name: 'belongs to one tenant: in the scope of another it is refused, and nothing is kept',
    async run({ subject, tenancy, tenants, four: [a, b], inTenant, empty, rowsOnServer }) {
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
    },
  },
  withLevel('read committed'),
  withLevel('repeatable read'),
  withLevel('serializable'),
  {
    name: 'undoes a part of itself and goes on in the same tenant',
    needs: 'savepoints',
    async run({ subject, tenants, each, empty, rowsOnServer }) {
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
    },
  },
  {
    name: 'stays in its tenant when a savepoint undoes its first statements',
    needs: 'savepoints',
    async run({ subject, each, fill }) {
      await fill()
      await each((tenant) =>
        subject.transaction(async (outer) => {
          const failing = outer.nested!(async (inner) => {
            await inner.addAuthor(authorOf(tenant, 2))
            throw new Error('after a statement')
          })
          await expect(failing).rejects.toThrow('after a statement')
          expect(await outer.authors()).toEqual([authorOf(tenant)])
        }),
      )
    },
  },
  {
    name: 'undoes a savepoint before the first statement that follows it',
    needs: 'savepoints',
    async run({ subject, each, empty }) {
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
    },
  },
]

function withLevel(level: IsolationLevel): OrmCase {
  return {
    name: `has the isolation level ${level}`,
    needs: 'isolation levels',
    async run({ subject, admin, four: [a], inTenant, fill }) {
      await fill()
      await inTenant(a, () =>
        subject.transaction(async (transaction) => {
          expect(await transaction.raw(`select current_setting('transaction_isolation') as level`)).toEqual([{ level }])
          expect(await transaction.authors()).toHaveLength(1)
          await admin.query(`insert into "${a.schema}".authors values (2, 'from outside')`)
          expect(await transaction.authors()).toHaveLength(level === 'read committed' ? 2 : 1)
        }, level),
      )
    },
  }
}
