/** A database for tests: a copy of a template that has all migrations, made in milliseconds, and the tenants in it. */
import type { FleetReport } from '../../types.ts'
import { TenancyError } from '../../errors.ts'
import { assertFunction } from '../../given-function.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { closedInTime } from './closed-in-time.ts'
import { fingerprint } from './fingerprint.ts'
import { TestServer } from './test-server.ts'
import { TestTenants, type TestTenantInput } from './test-tenants.ts'
import type { TenantOf, TestableTenancy } from './testable.ts'
import { openTransactions, type TestTransactions, type TransactionsOptions } from './transactions.ts'

export interface TestDatabaseOptions<T extends TestableTenancy> {
  /** Your config on this database: `(database) => createTenancy({ ...config, database })`. Called several times, for databases of its own each. */
  readonly open: (database: string) => T
  /**
   * The server, as a connection string of a role that may create databases.
   * @default process.env.TEST_DATABASE_URL; without it the embedded PostgreSQL of the project
   */
  readonly server?: string | undefined
  /** Rows that every test finds, such as plans in the shared schema. Runs once, in the template. Make no tenants here: their ids would be the same in all copies. */
  readonly prepare?: ((tenancy: T) => unknown) | undefined
  /** Another text gives another template: for what `prepare` reads from files. @default '' */
  readonly key?: string | undefined
  /** How many tenants are made ahead, in the background, once the first one was asked for. @default 2 */
  readonly ready?: number | undefined
}

export const databaseKeys = ['open', 'server', 'prepare', 'key', 'ready'] as const

export interface TestDatabase<T extends TestableTenancy> {
  /** A connection string, for libraries that connect by themselves. */
  readonly url: string
  /** On this database, without a transaction around it: what it writes stays until the database is dropped. */
  readonly tenancy: T
  /**
   * A tenant that no other test has. With `reuse` it is made once for each name, and emptied at each call: rows that its migrations and seeds made stay.
   * @example const acme = await database.tenant({ domains: ['acme.example.com'] })
   */
  tenant(input?: TestTenantInput<T>): Promise<TenantOf<T>>
  /** Waits until the tenants are made that the option `ready` asks for: before tests that shall not wait for one. */
  fill(): Promise<void>
  /** A tenancy whose statements all run in one transaction, which each test rolls back. */
  transactions(options?: TransactionsOptions): Promise<TestTransactions<T>>
  /** Closes what it has opened, and drops the database. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Makes a database from the template of these migrations. The first call of all makes the template, too: it migrates once, for all processes and runs, until a
 * migration changes. What a killed run left is dropped by the next one.
 * @example await using database = await openTestDatabase({ open: (url) => createTenancy({ ...config, database: url }) })
 * @throws TenancyError INVALID_ARGUMENT, INVALID_OPTION, NOT_PERMITTED, DATABASE_UNREACHABLE, EMBEDDED_FAILED; those of migrations
 */
export async function openTestDatabase<T extends TestableTenancy>(options: TestDatabaseOptions<T>): Promise<TestDatabase<T>> {
  assertKnownKeys('openTestDatabase', options, databaseKeys)
  assertFunction('open of openTestDatabase', options.open)
  const { open, prepare, key = '', ready = 2 } = options
  const plain = open('postgres://localhost/not_opened')
  const { root } = plain.options
  const hash = await fingerprint(plain.options, [key, prepare])
  await plain.close()
  const server = await TestServer.open(serverOf(options.server), root)
  let name: string | undefined
  try {
    const template = await server.template(hash, root, (url) => fillTemplate(open(url), prepare))
    name = await server.clone(template)
    await server.dropLeftovers()
    return databaseOn({ server, name, open, ready })
  } catch (error) {
    if (name !== undefined) await server.drop(name).catch(() => {})
    await server.close()
    throw error
  }
}

/** An empty database, for a contract. */
export async function openEmptyDatabase(server: string | undefined): Promise<{ readonly url: string; close(): Promise<void> }> {
  const opened = await TestServer.open(serverOf(server), process.cwd())
  const name = await opened.clone(undefined)
  return {
    url: opened.urlOf(name),
    close: async () => {
      await opened.drop(name)
      await opened.close()
    },
  }
}

function serverOf(given: string | undefined): string | undefined {
  return given ?? (process.env['TEST_DATABASE_URL'] || undefined)
}

async function fillTemplate<T extends TestableTenancy>(
  tenancy: T,
  prepare: ((tenancy: T) => unknown) | undefined,
): Promise<void> {
  try {
    assertDone(await tenancy.migrations.run())
    if (Object.keys(tenancy.options.warm.size).length > 0) await tenancy.warm.fill()
    await prepare?.(tenancy)
  } finally {
    await tenancy.close()
  }
}

/** Fails with the reason of the first schema that could not be migrated. */
function assertDone({ ok, entries }: FleetReport): void {
  if (ok) return
  const failed = entries.find(({ state }) => state === 'failed')
  throw failed?.error instanceof Error ? failed.error : new Error('The migrations of the test database failed.')
}

interface Parts<T extends TestableTenancy> {
  readonly server: TestServer
  readonly name: string
  readonly open: (database: string) => T
  readonly ready: number
}

function databaseOn<T extends TestableTenancy>({ server, name, open, ready }: Parts<T>): TestDatabase<T> {
  const url = server.urlOf(name)
  const tenancy = open(url)
  const tenants = new TestTenants<T>(tenancy, () => open(url), ready)
  const opened: TestTransactions<T>[] = []
  let closed: Promise<void> | undefined
  const end = async (): Promise<void> => {
    for (const transactions of opened) await transactions.close()
    await tenants.close()
    await closedInTime(tenancy)
    await server.drop(name)
    await server.close()
  }
  const close = (): Promise<void> => (closed ??= end())
  return {
    url,
    tenancy,
    tenant: (input) => tenants.take(input),
    fill: () => tenants.fill(),
    async transactions(options) {
      const { default: usual, kinds, tenants: named } = tenancy.options.boundary
      if ([usual, ...Object.values(kinds), ...Object.values(named)].includes('login')) throw ownLogins()
      const transactions = await openTransactions({ url, open }, options)
      opened.push(transactions)
      return transactions
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function ownLogins(): TenancyError<'INVALID_ARGUMENT'> {
  return new TenancyError(
    'INVALID_ARGUMENT',
    'Under the boundary "login" each tenant has connections of its own, so their statements cannot share one transaction. Use the mode "tenant" or "reuse".',
    { details: { option: 'mode', what: 'partywall/testing' } },
  )
}
