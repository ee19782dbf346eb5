/** Tenants for tests of any runner that has hooks: node:test, Jest, Mocha, Vitest. */
import { assertFunction } from '../given-function.ts'
import type { TenantClient, TenantClientOptions } from './tenant-client.ts'
import { TenancyError } from '../errors.ts'
import { assertStageOptions, TestStage, type TestRun, type TestStageOptions } from './stage.ts'
import type { TestApp } from './test-apps.ts'
import type { TestDatabase } from './database/test-database.ts'
import type { TenantOf, TestableTenancy } from './database/testable.ts'

/** Declares what runs before or after tests. */
export type TestHook = (fn: () => Promise<void>) => unknown

/** The hooks of the runner: `before` and `after` of node:test and Mocha, or `beforeAll` and `afterAll`. */
export interface TestHooks {
  readonly beforeAll?: TestHook
  readonly before?: TestHook
  readonly afterAll?: TestHook
  readonly after?: TestHook
  readonly beforeEach: TestHook
  readonly afterEach: TestHook
}

/** What the tests of a file have. Each part may be read when the hooks have run: in a test, not at the top of a file. */
export interface TenantTests<T extends TestableTenancy> {
  readonly tenancy: T
  readonly database: TestDatabase<T>
  /** Of the current test. */
  readonly tenant: TenantOf<T>
  readonly app: TestApp | undefined
  /** A client of the tenant of the current test, or of another one. */
  client(tenant?: TenantOf<T>, options?: TenantClientOptions): TenantClient
}

/**
 * Declares the hooks: a database for the file, a tenant for each test, and the alarm for what a test has left.
 * @example const t = useTenants({ open: (url) => createTenancy({ ...config, database: url }) }, { before, after, beforeEach, afterEach })
 * @throws TenancyError INVALID_ARGUMENT
 */
export function useTenants<T extends TestableTenancy>(options: TestStageOptions<T>, hooks: TestHooks): TenantTests<T> {
  assertStageOptions(options)
  const before = hooks.beforeAll ?? hooks.before
  const after = hooks.afterAll ?? hooks.after
  for (const [name, hook] of Object.entries({ before, after, beforeEach: hooks.beforeEach, afterEach: hooks.afterEach }))
    assertFunction(`${name} of useTenants`, hook)
  let stage: TestStage<T> | undefined
  let run: TestRun<T> | undefined
  before!(async () => void (stage = await TestStage.open(options)))
  after!(async () => stage?.close())
  hooks.beforeEach(async () => void (run = await stage?.begin()))
  hooks.afterEach(async () => {
    const ended = run
    run = undefined
    await ended?.end()
  })
  const staged = (): TestStage<T> => stage ?? tooEarly()
  const running = (): TestRun<T> => run ?? tooEarly()
  return {
    get tenancy() {
      return staged().tenancy
    },
    get database() {
      return staged().database
    },
    get app() {
      return staged().app
    },
    get tenant() {
      return running().tenant
    },
    client: (tenant, given) => running().client(tenant, given),
  }
}

function tooEarly(): never {
  throw new TenancyError(
    'INVALID_ARGUMENT',
    'What useTenants returns can be read in a test, and not at the top of a file: the database is made by a hook.',
    {
      details: { what: 'useTenants' },
    },
  )
}
