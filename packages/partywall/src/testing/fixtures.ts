/** Tenants for tests of Vitest: fixtures for `test.extend`. Vitest reads the first parameter of a fixture, so each of them takes it apart. */
import type { TenantClient, TenantClientOptions } from './tenant-client.ts'
import { assertStageOptions, TestStage, type TestRun, type TestStageOptions } from './stage.ts'
import type { TestDatabase } from './database/test-database.ts'
import type { TenantOf, TestableTenancy } from './database/testable.ts'

/** What a test may ask for. */
export interface TenantFixtures<T extends TestableTenancy> {
  /** Of the worker. */
  stage: TestStage<T>
  database: TestDatabase<T>
  tenancy: T
  /** Of the test. */
  run: TestRun<T>
  tenant: TenantOf<T>
  /** A client of the tenant of the test. */
  client: TenantClient
  /** Makes a client of another tenant, or with headers. */
  clientOf: (tenant?: TenantOf<T>, options?: TenantClientOptions) => TenantClient
}

/** Runs the test with this value. */
export type UseFixture<V> = (value: V) => Promise<void>

/** In the form that `test.extend` takes. */
export interface TenantFixtureFunctions<T extends TestableTenancy> {
  stage: [(context: object, use: UseFixture<TestStage<T>>) => Promise<void>, { scope: 'worker' }]
  database: [(context: { stage: TestStage<T> }, use: UseFixture<TestDatabase<T>>) => Promise<void>, { scope: 'worker' }]
  tenancy: [(context: { stage: TestStage<T> }, use: UseFixture<T>) => Promise<void>, { scope: 'worker' }]
  run: [(context: { stage: TestStage<T> }, use: UseFixture<TestRun<T>>) => Promise<void>, { auto: boolean }]
  tenant: [(context: { run: TestRun<T> }, use: UseFixture<TenantOf<T>>) => Promise<void>, { auto: boolean }]
  client: [(context: { run: TestRun<T> }, use: UseFixture<TenantClient>) => Promise<void>, { auto: boolean }]
  clientOf: [(context: { run: TestRun<T> }, use: UseFixture<TenantFixtures<T>['clientOf']>) => Promise<void>, { auto: boolean }]
}

/**
 * A database for the worker, a tenant for each test, and the alarm for what a test has left.
 * @example const test = base.extend<TenantFixtures<Tenancy>>(tenantFixtures({ open: (url) => createTenancy({ ...config, database: url }) }))
 * @throws TenancyError INVALID_ARGUMENT
 */
export function tenantFixtures<T extends TestableTenancy>(options: TestStageOptions<T>): TenantFixtureFunctions<T> {
  assertStageOptions(options)
  return {
    stage: [
      // oxlint-disable-next-line no-empty-pattern -- Vitest accepts the unused first argument only destructured
      async ({}, use) => {
        const stage = await TestStage.open(options)
        await use(stage)
        await stage.close()
      },
      { scope: 'worker' },
    ],
    database: [async ({ stage }, use) => use(stage.database), { scope: 'worker' }],
    tenancy: [async ({ stage }, use) => use(stage.tenancy), { scope: 'worker' }],
    run: [
      async ({ stage }, use) => {
        const run = await stage.begin()
        await use(run)
        await run.end()
      },
      // Also for a test that does not ask for its tenant: its statements are undone, and what it leaves is noticed.
      { auto: true },
    ],
    tenant: [async ({ run }, use) => use(run.tenant), { auto: false }],
    client: [async ({ run }, use) => use(run.client()), { auto: false }],
    clientOf: [async ({ run }, use) => use(run.client), { auto: false }],
  }
}
