/** What a case of the contract can use: a library on a tenancy, four tenants, and a client that sees what is on the server. */
import type { Client } from 'pg'
import { expect } from 'vitest'
import type { Tenant } from 'partywall'
import type { Author, Book, Mood, OrmSubject } from './orm-subject.ts'

/** The part of a tenancy that the contract uses. A naive pool can stand in for it; see bites.test.ts. */
export interface TenancyUnderTest {
  readonly pool: PoolUnderTest
  run<T>(tenant: Tenant, fn: () => T): Promise<Awaited<T>>
  readonly tenants: { create(input: { schema: string }): Promise<Tenant> }
}

interface PoolUnderTest {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
}

export interface OrmWorldParts {
  /** The name of the library. */
  readonly name: string
  readonly tenancy: TenancyUnderTest
  readonly subject: OrmSubject
  readonly tenants: readonly Tenant[]
  readonly admin: Client
  /** Runs `work` while several server sessions are available at once. */
  withServerConnections<T>(count: number, work: () => Promise<T>): Promise<T>
}

export interface OrmWorld extends OrmWorldParts {
  readonly four: readonly [Tenant, Tenant, Tenant, Tenant]
  inTenant<T>(tenant: Tenant, work: () => Promise<T>): Promise<T>
  /** In each of the four tenants, concurrently. */
  each<T>(work: (tenant: Tenant) => Promise<T>): Promise<T[]>
  /** By id, as they are on the server. */
  rowsOnServer(tenant: Tenant, table?: 'authors' | 'books'): Promise<any[]>
  /** Deletes all rows of the four tenants. */
  empty(): Promise<void>
  /** The same authors in each of the four tenants, and no other rows; only their names differ. */
  fill(count?: number): Promise<void>
  bookOf(tenant: Tenant, id?: number): Book
}

export function ormWorld(parts: OrmWorldParts): OrmWorld {
  const { tenancy, tenants, admin } = parts
  const inTenant = <T>(tenant: Tenant, work: () => Promise<T>): Promise<T> => tenancy.run(tenant, work) as Promise<T>
  const empty = async (): Promise<void> => {
    await admin.query(tenants.map(({ schema }) => `truncate "${schema}".authors, "${schema}".books;`).join(' '))
  }
  return {
    ...parts,
    four: tenants as [Tenant, Tenant, Tenant, Tenant],
    inTenant,
    each: (work) => Promise.all(tenants.map((tenant) => inTenant(tenant, () => work(tenant)))),
    rowsOnServer: async ({ schema }, table = 'authors') =>
      (await admin.query(`select * from "${schema}".${table} order by id`)).rows,
    empty,
    fill: async (count = 1) => {
      await empty()
      for (const { schema } of tenants) {
        await admin.query(`insert into "${schema}".authors select n, $1 || ' ' || n from generate_series(1, $2::int) as n`, [
          schema,
          count,
        ])
      }
    },
    bookOf: (tenant, id = 1) => {
      const mood = moods[tenants.indexOf(tenant) % moods.length]!
      return {
        id,
        authorId: 1,
        title: `book ${id} of ${tenant.schema}`,
        plan: id % 2 === 0 ? 'gold' : 'free',
        mood,
        moods: ['wild', mood],
        tags: [tenant.schema, 'a, "b"'],
      }
    },
  }
}

export function authorOf({ schema }: Tenant, id = 1): Author {
  return { id, name: `${schema} ${id}` }
}

const moods: readonly Mood[] = ['calm', 'busy', 'wild']

/** Some libraries give a connection back a moment after they have answered. */
export async function atRest(pool: PoolUnderTest): Promise<void> {
  await expect
    .poll(() => pool.totalCount - pool.idleCount + pool.waitingCount, {
      message: 'connections of tenancy.pool that were not given back',
      timeout: 2000,
    })
    .toBe(0)
}
