/** Cases of many more tenants than connections. */
import { expect } from 'vitest'
import type { Tenant } from 'partywall'
import { adopt } from '../support/tenants/adopt.ts'
import { fakeTenant } from '../support/tenants/two-tenants.ts'
import type { OrmCase } from './orm-case.ts'
import { authorOf, type OrmWorld } from './orm-world.ts'

export const crowdCases: readonly OrmCase[] = [
  {
    name: 'serves a hundred tenants interleaved on four connections',
    async run(world) {
      const { admin, tenancy, inTenant, rowsOnServer } = world
      const crowd = Array.from({ length: 100 }, (_, index) => fakeTenant(`crowd_${String(index).padStart(3, '0')}`))
      await admin.query(
        `do $$ begin for n in 0..99 loop execute format(
           'drop schema if exists %1$I cascade; create schema %1$I;
            create table %1$I.authors (id int primary key, name text not null);', 'crowd_' || lpad(n::text, 3, '0')
         ); end loop; end $$`,
      )
      await adopt(admin, crowd)
      for (const round of [1, 2]) {
        await Promise.all(crowd.map((tenant) => inTenant(tenant, () => workRound(world, tenant, round))))
        expect(tenancy.pool.totalCount).toBeLessThanOrEqual(4)
      }
      for (const tenant of crowd) {
        expect(await rowsOnServer(tenant)).toEqual([1, 2].map((id) => ({ id, name: `${tenant.schema} ${id}!` })))
      }
    },
  },
]

/** One round of work of one tenant among many; round 2 finds the rows of round 1. */
async function workRound({ subject }: OrmWorld, tenant: Tenant, round: number): Promise<void> {
  await subject.addAuthor(authorOf(tenant, round))
  await subject.transaction(async (transaction) => {
    await transaction.raw('update authors set name = name || $1 where id = $2', ['!', round])
    expect(await transaction.raw('select current_schema() as schema')).toEqual([{ schema: tenant.schema }])
  })
  const own = Array.from({ length: round }, (_, index) => ({ id: index + 1, name: `${tenant.schema} ${index + 1}!` }))
  expect(await subject.authors()).toEqual(own)
}
