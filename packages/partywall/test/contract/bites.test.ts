/**
 * The contract finds leaks: its cases, run by the same code on pools as applications write them, fail there, and each because of a leak.
 * Without this test, a case might pass because it checks nothing.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Client, type Pool } from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import type { Tenant } from 'partywall'
import { kyselySubject } from '../orm/kysely-subject.ts'
import { pgSubject } from '../orm/pg-subject.ts'
import {
  NeverResetPool,
  NotingPool,
  setOnOpenPool,
  storeAtSendTimePool,
  type NaiveOptions,
} from '../support/pools/naive-pools.ts'
import { isPooled } from '../support/servers/route.ts'
import { crowdCases } from './crowd-cases.ts'
import { fourTenants } from './four-tenants.ts'
import type { OrmCase } from './orm-case.ts'
import type { OrmSubject } from './orm-subject.ts'
import { ormWorld, type TenancyUnderTest } from './orm-world.ts'
import { queryCases } from './query-cases.ts'
import { codeOf } from './refused.ts'
import { streamCases } from './stream-cases.ts'
import { transactionCases } from './transaction-cases.ts'

type MakeSubject = (on: { readonly pool: Pool }) => OrmSubject

interface Bitten {
  readonly pool: string
  readonly make: (options: NaiveOptions) => Pool
  readonly library: string
  readonly subject: MakeSubject
  /** The cases that must fail, by their names. */
  readonly cases: readonly string[]
}

const pg = { library: 'pg', subject: pgSubject }
const kysely = { library: 'Kysely', subject: kyselySubject }

const opens = { pool: 'sets the path when it opens a connection', make: setOnOpenPool }
const neverResets = { pool: 'never sets the path back', make: (options: NaiveOptions) => new NeverResetPool(options) }
const callback = { pool: 'asks in a callback who the tenant is', make: storeAtSendTimePool }
const notes = {
  pool: 'notes what it set, and is not told of rollbacks',
  make: (options: NaiveOptions) => new NotingPool(options),
}

const refusals = [
  'is refused outside every scope, and works inside one afterwards',
  'belongs to one tenant: in the scope of another it is refused, and nothing is kept',
]
const waiting = [
  'keeps concurrent work apart that waits for a connection',
  'serves a hundred tenants interleaved on four connections',
]
const undone = [
  'keeps no row when it fails, and the next query reads its own tenant',
  'stays in its tenant when a savepoint undoes its first statements',
]
const ordinary = [
  'writes, reads, changes and removes the rows of its tenant',
  'follows relations inside the tenant',
  'joins a shared table with a table of the tenant',
  'runs SQL of the user, with and without values',
  'reads enums and arrays in each tenant, also in one that was created later',
  'leaves nothing of a failed statement to another tenant',
  'keeps all of its rows, in its tenant',
  'has the isolation level read committed',
  'undoes a part of itself and goes on in the same tenant',
  'undoes a savepoint before the first statement that follows it',
  'gives the rows of its tenant, while other callers query and stream',
  'gives its connection back when its reader stops early',
  'reports an error, and gives its connection back',
]

const bitten: readonly Bitten[] = [
  { ...opens, ...pg, cases: [...ordinary, ...undone, ...waiting, ...refusals] },
  { ...opens, ...kysely, cases: [...ordinary, ...undone, ...waiting, ...refusals] },
  { ...neverResets, ...pg, cases: refusals },
  { ...neverResets, ...kysely, cases: refusals },
  { ...callback, ...pg, cases: [...waiting, ...refusals] },
  // Kysely waits for its client in the context of the caller, so the callback does no harm there.
  { ...callback, ...kysely, cases: refusals },
  { ...notes, ...pg, cases: [...undone, ...waiting, ...refusals] },
  { ...notes, ...kysely, cases: [...undone, ...refusals] },
]

const { tenancy, tenants, admin, superUrl: url, directUrl, withServerConnections } = await fourTenants()
// It may end sessions of every role.
const ending = new Client(directUrl)
await ending.connect()
afterAll(() => ending.end())
/**
 * How a pool that is not isolated fails. Behind a pooler one that sets the path only when it opens a connection may also get a server session without a
 * path, where it finds no table.
 */
const failsAsExpected = (make: Bitten['make']) =>
  isPooled && make === setOnOpenPool ? (failure: unknown) => isLeak(failure) || codeOf(failure) === '42P01' : isLeak
const allCases = [...queryCases, ...transactionCases, ...streamCases, ...crowdCases]
const ids = { next: 1 }

describe.each(bitten)('a pool that $pool, under $library', ({ make, subject, cases }) => {
  for (const name of cases) {
    test(`fails: ${name}`, async () => {
      const failure = await failureOf(caseOf(name), subject, naiveTenancy(make))
      expect(failure).toSatisfy(failsAsExpected(make))
    })
  }
})

describe.each([pg, kysely])('tenancy.pool, under $library', ({ subject }) => {
  for (const name of new Set(bitten.flatMap(({ cases }) => cases))) {
    test(`holds: ${name}`, async () => expect(await failureOf(caseOf(name), subject, tenancy)).toBeUndefined())
  }
})

type UnderTest = TenancyUnderTest & { readonly pool: Pool }

/** Runs a case after the pool has served a tenant on all of its connections, like a pool in production. */
async function failureOf({ run }: OrmCase, makeSubject: MakeSubject, on: UnderTest): Promise<unknown> {
  const subject = makeSubject(on)
  const world = ormWorld({
    name: `bite ${ids.next++}`,
    tenancy: on,
    subject,
    tenants,
    admin,
    withServerConnections,
  })
  // A naive pool of an earlier case may have left a cursor open, whose lock the next statement would wait for indefinitely.
  await ending.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = '${naive}'`,
  )
  await world.empty()
  await served(() => world.inTenant(world.four[3], () => Promise.all([1, 2, 3, 4].map(() => subject.authors()))))
  try {
    await run(world)
    return undefined
  } catch (error) {
    return error
  } finally {
    if (on !== tenancy) void on.pool.end()
  }
}

/** A pooler may give a session that was just ended to the next client, which is told so. */
async function served(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return void (await work())
    } catch (error) {
      if (!isPooled || attempt === 10 || !/server conn crashed|terminat/i.test((error as Error).message)) throw error
    }
  }
}

/** The name of its connections. */
const naive = 'naive pool'

/** A tenancy with a naive pool. */
function naiveTenancy(make: Bitten['make']): UnderTest {
  const store = new AsyncLocalStorage<string>()
  const pool = make({ store, connectionString: url, max: 4, application_name: naive })
  // Its connections are ended when the next case begins.
  pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}))
  return {
    pool,
    async run<T>({ schema }: Tenant, fn: () => T): Promise<Awaited<T>> {
      return await store.run(schema, async () => await fn())
    },
    tenants: tenancy.tenants,
  }
}

function caseOf(name: string): OrmCase {
  const found = allCases.find((one) => one.name === name)
  if (found === undefined) throw new Error(`The contract has no case "${name}".`)
  return found
}

/**
 * Whether a case failed because of a leak: it read a row of another tenant, or found its own row already written by another tenant, or a
 * statement was not refused. Any other failure would be an accident of the naive pool.
 */
function isLeak(failure: unknown): boolean {
  const { name, message } = failure as Error
  return name === 'AssertionError' || message === 'The promise was expected to fail, and did not.' || codeOf(failure) === '23505'
}
