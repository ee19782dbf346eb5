/**
 * One suite for all libraries: what each must do on tenancy.pool, unchanged. A subject adapts one library to a few operations
 * (orm-subject.ts); each case reads the rows on the real server, with a client outside every scope. bites.test.ts shows that naive pools
 * fail the cases.
 *
 * The test of a library names what the library cannot do, with a reason: `lacks: { streaming: '…' }`. The suite then checks that it cannot.
 *
 * It runs directly and through a pooler with one server connection, on which a stream makes all other queries wait.
 */
import { afterAll, describe, expect, test } from 'vitest'
import type { Config, Tenancy } from 'partywall'
import { crowdCases } from './crowd-cases.ts'
import { fourTenants, type FourTenants } from './four-tenants.ts'
import type { OrmCase } from './orm-case.ts'
import type { OrmCapability, OrmSubject } from './orm-subject.ts'
import { ormWorld, type OrmWorld } from './orm-world.ts'
import { queryCases } from './query-cases.ts'
import { refusalCases, whilePoolIsBusy } from './refusal-cases.ts'
import { streamCases } from './stream-cases.ts'
import { transactionCases } from './transaction-cases.ts'

export type * from './orm-subject.ts'
export { codeOf, refused } from './refused.ts'

export interface OrmContractOptions {
  /** What the library cannot do, and why. */
  readonly lacks?: Partial<Record<OrmCapability, string>>
  /** Further options of the tenancy. */
  readonly config?: Omit<Config, 'database' | 'root'>
}

export interface OrmContractSetup extends FourTenants {
  readonly subject: OrmSubject
  /** Deletes all rows of the four tenants. */
  empty(): Promise<void>
}

/** Declares the suite, and returns its setup for the library's own tests. Call it at the top of a test file. */
export async function ormContract(
  name: string,
  makeSubject: (tenancy: Tenancy, url: string) => OrmSubject | Promise<OrmSubject>,
  { lacks = {}, config = {} }: OrmContractOptions = {},
): Promise<OrmContractSetup> {
  const four = await fourTenants(config)
  const { tenancy, url, withServerConnections, admin, tenants } = four
  const subject = await makeSubject(tenancy, url)
  const world = ormWorld({ name, tenancy, subject, tenants, admin, withServerConnections })

  declare(`${name} on one pool`, queryCases)
  declare(`a transaction of ${name}`, transactionCases)
  declare(`a stream of ${name}`, streamCases)
  declare(`${name} with a crowd`, crowdCases)
  declare(`a refusal of partywall, inside an error of ${name},`, refusalCases)

  describe(`after its suite, ${name}`, () => {
    test('has put nothing into the shared schema', async () => {
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

  // afterAll hooks run in reverse order: this one runs before the pool ends.
  afterAll(async () => {
    await subject.close?.()
    const [a] = world.four
    expect(await tenancy.run(a, async () => (await tenancy.pool.query('select current_schema() as schema')).rows)).toEqual([
      { schema: a.schema },
    ])
  })
  return { ...four, subject, empty: world.empty }

  /** A test for each case, and one for each capability that the library lacks. */
  function declare(title: string, cases: readonly OrmCase[]): void {
    const lacked = new Set(cases.flatMap(({ needs }) => (needs !== undefined && lacks[needs] !== undefined ? [needs] : [])))
    const held = cases.filter(({ needs }) => needs === undefined || !lacked.has(needs))
    describe(`${title}`, () => {
      for (const { name: promise, run } of held) test(`${promise}`, () => run(world))
      for (const needs of lacked) {
        test(`has no ${needs}: ${lacks[needs]}`, async () => expect(await isLacking[needs](world)).toBe(true))
      }
    })
  }
}

const isLacking: Record<OrmCapability, (world: OrmWorld) => boolean | Promise<boolean>> = {
  'isolation levels': ({ subject }) => subject.transaction.length < 2,
  savepoints: ({ subject, four: [a], inTenant }) =>
    inTenant(a, () => subject.transaction((transaction) => Promise.resolve(transaction.nested === undefined))),
  streaming: ({ subject }) => subject.stream === undefined,
  'tenancy.pool': async (world) => Array.isArray(await whilePoolIsBusy(world, () => world.subject.authors())),
}
