/** The contract of a library that queries: with `tenancy.pool` and nothing else, each of its statements reaches the tenant of the code that sent it. */
import assert from 'node:assert/strict'
import { tenancyErrorOf } from '../../errors.ts'
import { assertFunction } from '../../given-function.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { Tenant } from '../../types.ts'
import { openEmptyDatabase } from '../database/test-database.ts'
import { until, type Contract, type ContractOptions, type ContractTenancy } from './contract.ts'

/** Sends SQL with $1, $2, … by the library, and returns its rows. */
export type SubjectQuery = (sql: string, values?: readonly unknown[]) => Promise<readonly any[]>

/** A library, reduced to what the contract does with it. */
export interface PoolSubject {
  readonly query: SubjectQuery
  /** Commits when `work` is done, and rolls back when it fails. */
  transaction<R>(work: (query: SubjectQuery) => Promise<R>): Promise<R>
  /** Ends the library. It must leave `tenancy.pool` open. */
  close?(): Promise<unknown>
}

export interface PoolContractOptions<T extends ContractTenancy> extends ContractOptions<T> {
  /** The library on `tenancy.pool`. */
  readonly make: (tenancy: T) => PoolSubject | Promise<PoolSubject>
}

interface World {
  readonly tenancy: ContractTenancy
  readonly subject: PoolSubject
  readonly tenants: readonly Tenant<any>[]
  /** In the scope of a tenant. */
  inside<R>(tenant: Tenant<any>, work: () => Promise<R>): Promise<R>
  /** Read without the library. */
  rows(tenant: Tenant<any>): Promise<readonly string[]>
  empty(): Promise<void>
}

const add = 'insert into notes (body) values ($1)'
const read = 'select body from notes order by body'
/** More than the pool has connections. */
const crowd = 40

/**
 * Each case is one promise. Takes about a second and one database.
 * @example const { cases, close } = poolContract({ open: createTenancy, make: (tenancy) => subjectOf(tenancy.pool) })
 * @throws TenancyError INVALID_ARGUMENT
 */
export function poolContract<T extends ContractTenancy>(options: PoolContractOptions<T>): Contract {
  assertKnownKeys('poolContract', options, ['open', 'make', 'server', 'database'])
  assertFunction('open of poolContract', options.open)
  assertFunction('make of poolContract', options.make)
  const closing: (() => Promise<unknown>)[] = []
  let opened: Promise<World> | undefined
  const world = (): Promise<World> => (opened ??= openWorld(options, closing))
  return {
    cases: Object.entries(promises).map(([name, holds]) => ({
      name,
      async run() {
        const made = await world()
        await made.empty()
        await holds(made)
      },
    })),
    async close() {
      await opened?.catch(() => {})
      for (const close of closing.splice(0).toReversed()) await close()
    },
  }
}

const promises: Readonly<Record<string, (world: World) => Promise<void>>> = {
  async 'writes and reads the rows of its tenant'({ subject, tenants, inside, rows }) {
    for (const tenant of tenants) await inside(tenant, () => subject.query(add, [tenant.schema]))
    for (const tenant of tenants) {
      assert.deepEqual(bodies(await inside(tenant, () => subject.query(read))), [tenant.schema])
      assert.deepEqual(await rows(tenant), [tenant.schema])
    }
  },

  async 'keeps statements apart that are sent at once and wait for a connection'({ subject, tenants, inside, rows }) {
    const seen = await Promise.all(
      Array.from({ length: crowd }, async (_, index) => {
        const tenant = tenants[index % tenants.length]!
        return inside(tenant, async () => {
          await subject.query(add, [`${tenant.schema} ${index}`])
          return [tenant.schema, bodies(await subject.query(read))] as const
        })
      }),
    )
    for (const [schema, found] of seen) assertAllOf(schema, found)
    for (const tenant of tenants) assertAllOf(tenant.schema, await rows(tenant))
  },

  async 'keeps a transaction, and all that it does, in its tenant'({ subject, tenants, inside, rows }) {
    await Promise.all(
      tenants.map((tenant) =>
        inside(tenant, () =>
          subject.transaction(async (query) => {
            await query(add, [tenant.schema])
            await query('select pg_sleep(0.01)')
            assertAllOf(tenant.schema, bodies(await query(read)))
          }),
        ),
      ),
    )
    for (const tenant of tenants) assert.deepEqual(await rows(tenant), [tenant.schema])
  },

  async 'keeps nothing of a transaction that fails, and reads the right tenant after it'({ subject, tenants, inside, rows }) {
    for (const tenant of tenants) {
      await inside(tenant, async () => {
        const failing = subject.transaction(async (query) => {
          await query(add, [tenant.schema])
          throw new Error('on purpose')
        })
        await assert.rejects(failing)
        await assert.rejects(subject.query('select from missing_table'))
      })
    }
    for (const tenant of tenants.toReversed()) {
      await inside(tenant, () => subject.query(add, [tenant.schema]))
      assert.deepEqual(await rows(tenant), [tenant.schema])
    }
  },

  async 'is refused outside of every scope, and works inside of one afterwards'({ subject, tenants, inside }) {
    assert.equal(await codeOf(subject.query(read)), 'NO_TENANT')
    assert.equal(await codeOf(subject.transaction((query) => query(read))), 'NO_TENANT')
    assert.deepEqual(bodies(await inside(tenants[0]!, () => subject.query(read))), [])
  },

  async 'is refused when a transaction of one tenant is used in the scope of another'({ subject, tenants, inside, rows }) {
    const [a, b] = tenants as [Tenant<any>, Tenant<any>]
    const crossing = inside(a, () => subject.transaction((query) => inside(b, () => query(add, ['crossed']))))
    assert.equal(await codeOf(crossing), 'WRONG_TENANT')
    for (const tenant of tenants) assert.deepEqual(await rows(tenant), [])
  },

  async 'gives every connection back'({ tenancy }) {
    await until(() => assert.equal(tenancy.pool.totalCount - tenancy.pool.idleCount, 0))
  },
}

async function openWorld<T extends ContractTenancy>(
  { open, make, server, database }: PoolContractOptions<T>,
  closing: (() => Promise<unknown>)[],
): Promise<World> {
  const empty = database === undefined ? await openEmptyDatabase(server) : { url: database, close: async () => {} }
  closing.push(() => empty.close())
  const tenancy = open({ database: empty.url, migrations: { shared: false, tenant: false }, pool: { max: 3 }, resolve: [] })
  closing.push(() => tenancy.close())
  const tenants: Tenant<any>[] = []
  for (const schema of ['acme', 'bolt', 'coop-42', 'dune']) tenants.push(await tenancy.tenants.create({ schema }))
  for (const tenant of tenants) {
    await tenancy.run(tenant, () =>
      tenancy.pool.query('create table notes (id int generated always as identity, body text not null)'),
    )
  }
  const subject = await make(tenancy)
  closing.push(async () => subject.close?.())
  const inside = <R>(tenant: Tenant<any>, work: () => Promise<R>): Promise<R> => tenancy.run(tenant, work) as Promise<R>
  return {
    tenancy,
    subject,
    tenants,
    inside,
    rows: async ({ schema }) => bodies((await tenancy.sharedPool.query(`select body from "${schema}".notes order by body`)).rows),
    async empty() {
      await tenancy.sharedPool.query(tenants.map(({ schema }) => `delete from "${schema}".notes`).join('; '))
    },
  }
}

function bodies(rows: readonly { readonly body: string }[]): string[] {
  return rows.map(({ body }) => body)
}

function assertAllOf(schema: string, found: readonly string[]): void {
  assert.notEqual(found.length, 0, `expected rows of ${schema}, and found none`)
  assert.deepEqual(
    found.filter((body) => !body.startsWith(schema)),
    [],
    `expected rows of ${schema} only`,
  )
}

/** The code of partywall's error, also where the library has one of its own around it. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return tenancyErrorOf(error)?.code ?? String(error)
  }
  return 'no error'
}
