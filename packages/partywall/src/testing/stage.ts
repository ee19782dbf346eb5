/** What each test gets, and what is undone after it: the same for every test runner. */
import { assertKnownKeys } from '../known-keys.ts'
import { seen } from '../seen.ts'
import { TenancyError } from '../errors.ts'
import type { IsolationLevel } from '../database/one-connection/texts.ts'
import { leakKeys, watchLeaks, type LeakOptions, type LeakWatch } from './leaks.ts'
import { databaseKeys, openTestDatabase, type TestDatabase, type TestDatabaseOptions } from './database/test-database.ts'
import { tenantClient, type TenantClient, type TenantClientOptions } from './tenant-client.ts'
import type { TestApp } from './test-apps.ts'
import type { TestTenantInput } from './database/test-tenants.ts'
import type { TenantOf, TestableTenancy } from './database/testable.ts'
import { leaked, type TestTransactions } from './database/transactions.ts'

/**
 * - transaction: one tenant; all statements of a test run in one transaction, which is rolled back, those on shared tables too
 * - tenant: a new tenant for each test
 * - reuse: one tenant, which has its first rows again before each test
 */
export type TestMode = 'transaction' | 'tenant' | 'reuse'

export interface TestStageOptions<T extends TestableTenancy> extends TestDatabaseOptions<T> {
  /** @default 'transaction' */
  readonly mode?: TestMode | undefined
  /** What the tenants are made with: domains, a kind, attributes. A function makes it for each tenant. @default a new name */
  readonly tenant?: TestTenantInput<T> | (() => TestTenantInput<T>) | undefined
  /** Makes the app of the tests. @default there is no `client` */
  readonly app?: ((tenancy: T) => TestApp | Promise<TestApp>) | undefined
  /** What must not be left by a test; `false` looks for nothing. @default all of it, but no discarded connections */
  readonly leaks?: LeakOptions | false | undefined
  /** In the mode `transaction`: the level that transactions of the app may ask for. @default 'read committed' */
  readonly isolationLevel?: IsolationLevel | undefined
  /** In the mode `transaction`: how long a statement waits for an idle transaction of the app; milliseconds. @default 3000 */
  readonly waitMs?: number | undefined
}

const keys = [...databaseKeys, 'mode', 'tenant', 'app', 'leaks', 'isolationLevel', 'waitMs']
const modes: readonly TestMode[] = ['transaction', 'tenant', 'reuse']

/** One test. */
export interface TestRun<T extends TestableTenancy> {
  readonly tenant: TenantOf<T>
  /** A client of the tenant of this test, or of another one. @throws TenancyError INVALID_ARGUMENT without the option `app` */
  client(tenant?: TenantOf<T>, options?: TenantClientOptions): TenantClient
  /** Undoes what the test has written. @throws TenancyError TEST_LEAK */
  end(): Promise<void>
}

export class TestStage<T extends TestableTenancy> {
  readonly database: TestDatabase<T>
  /** For the app and the tests. */
  readonly tenancy: T
  readonly #options: TestStageOptions<T>
  readonly #transactions: TestTransactions<T> | undefined
  readonly #leaks: LeakWatch | undefined
  readonly app: TestApp | undefined
  #kept: TenantOf<T> | undefined

  /** @throws TenancyError INVALID_ARGUMENT; those of openTestDatabase */
  static async open<T extends TestableTenancy>(options: TestStageOptions<T>): Promise<TestStage<T>> {
    assertStageOptions(options)
    const { mode = 'transaction', app, leaks = {}, waitMs } = options
    if (leaks !== false) assertKnownKeys('leaks', leaks, leakKeys)
    const { open, server, prepare, key, ready } = options
    const database = await openTestDatabase<T>({ open, server, prepare, key, ready })
    try {
      const transactions = mode === 'transaction' ? await database.transactions({ waitMs }) : undefined
      const tenancy = transactions?.tenancy ?? database.tenancy
      return new TestStage(options, { database, transactions, tenancy, app: await app?.(tenancy) })
    } catch (error) {
      await database.close()
      throw error
    }
  }

  private constructor(
    options: TestStageOptions<T>,
    parts: {
      readonly database: TestDatabase<T>
      readonly transactions: TestTransactions<T> | undefined
      readonly tenancy: T
      readonly app: TestApp | undefined
    },
  ) {
    this.#options = options
    this.database = parts.database
    this.tenancy = parts.tenancy
    this.app = parts.app
    this.#transactions = parts.transactions
    this.#leaks = options.leaks === false ? undefined : watchLeaks(parts.tenancy, options.leaks)
  }

  async begin(): Promise<TestRun<T>> {
    const made = await this.#tenant()
    const { isolationLevel } = this.#options
    const transaction = await this.#transactions?.begin({ isolationLevel })
    const tenant = (await this.tenancy.tenants.get({ id: made.id })) as TenantOf<T>
    const end = async (): Promise<void> => {
      const problems: unknown[] = []
      // First what was left, because the end of the transaction takes it away.
      await this.#leaks?.check().catch((error: unknown) => problems.push(error))
      await transaction?.rollBack().catch((error: unknown) => problems.push(error))
      if (problems.length > 0) throw oneOf(problems)
    }
    return { tenant, client: (of = tenant, given) => tenantClient(this.#appOf(), this.tenancy, { id: of.id }, given), end }
  }

  close(): Promise<void> {
    this.#leaks?.stop()
    return this.database.close()
  }

  async #tenant(): Promise<TenantOf<T>> {
    const { mode = 'transaction', tenant } = this.#options
    const input = typeof tenant === 'function' ? tenant() : tenant
    if (mode === 'tenant') return this.database.tenant(input)
    if (mode === 'reuse') return this.database.tenant({ ...input, reuse: true } as TestTenantInput<T>)
    return (this.#kept ??= await this.database.tenant(input))
  }

  #appOf(): TestApp {
    if (this.app !== undefined) return this.app
    throw new TenancyError('INVALID_ARGUMENT', 'A client needs the option "app": (tenancy) => createApp(tenancy).', {
      details: { option: 'app', what: 'partywall/testing' },
    })
  }
}

export function assertStageOptions(options: TestStageOptions<any>): void {
  assertKnownKeys('partywall/testing', options, keys)
  const { mode = 'transaction' } = options
  if (modes.includes(mode)) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `The option "mode" must be one of ${modes.join(', ')}, not ${seen(mode, 'quoted')}.`,
    {
      details: { option: 'mode', what: 'partywall/testing' },
    },
  )
}

function oneOf(problems: readonly unknown[]): unknown {
  const leaks = problems.flatMap((problem) =>
    problem instanceof TenancyError && problem.code === 'TEST_LEAK' ? (problem as TenancyError<'TEST_LEAK'>).details.leaks : [],
  )
  return leaks.length > 0 && problems.length > 1 ? leaked(leaks) : problems[0]
}
