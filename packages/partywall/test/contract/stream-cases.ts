/** Cases of results that are not read at once. */
import { expect } from 'vitest'
import type { Tenant } from 'partywall'
import type { OrmCase } from './orm-case.ts'
import type { Author } from './orm-subject.ts'
import { atRest, authorOf } from './orm-world.ts'
import { codeOf } from './refused.ts'

const count = 500

export const streamCases: readonly OrmCase[] = [
  {
    name: 'gives the rows of its tenant, while other callers query and stream',
    needs: 'streaming',
    async run({ subject, four: [a, b, c, d], inTenant, fill, withServerConnections }) {
      await fill(count)
      // Three streams, and queries in the middle of them.
      const streamed = async (tenant: Tenant): Promise<void> => {
        const seen: Author[] = []
        for await (const author of subject.stream!()) {
          seen.push(author)
          if (author.id === 7) expect(await inTenant(d, () => subject.authors())).toHaveLength(count)
        }
        expect(seen).toEqual(Array.from({ length: count }, (_, index) => authorOf(tenant, index + 1)))
        expect(await subject.raw('select current_schema() as schema')).toEqual([{ schema: tenant.schema }])
      }
      await withServerConnections(4, () => Promise.all([a, b, c].map((tenant) => inTenant(tenant, () => streamed(tenant)))))
    },
  },
  {
    name: 'gives its connection back when its reader stops early',
    needs: 'streaming',
    async run({ subject, tenancy, tenants, inTenant, each, fill }) {
      await fill(count)
      for (let round = 0; round < 6; round++) {
        const tenant = tenants[round % 4]!
        await inTenant(tenant, async () => {
          for await (const author of subject.stream!()) if (author.id === 3) break
        })
      }
      await atRest(tenancy.pool)
      await each(async (tenant) => expect((await subject.authors())[0]).toEqual(authorOf(tenant)))
    },
  },
  {
    name: 'reports an error, and gives its connection back',
    needs: 'streaming',
    async run({ subject, tenancy, admin, four: [, b], inTenant, fill }) {
      await fill(count)
      await admin.query(`alter table "${b.schema}".authors rename to hidden`)
      const error = await inTenant(b, async () => {
        try {
          for await (const author of subject.stream!()) throw new Error(`a row that should not exist: ${JSON.stringify(author)}`)
        } catch (failure) {
          return failure
        } finally {
          await admin.query(`alter table "${b.schema}".hidden rename to authors`)
        }
        return undefined
      })
      expect(codeOf(error)).toBe('42P01')
      await atRest(tenancy.pool)
    },
  },
]
