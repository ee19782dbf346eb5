/**
 * partywall/testing, for the tests of an application: a database for each worker, a tenant for each test, clients that go through the resolvers, an alarm for what a test
 * leaves behind, and the contracts that adapters keep. It works with Vitest, node:test, Jest and Mocha, and imports none of them.
 */
import '../node-version.ts'

export type { HttpTenancy, MemberTenancy, OrmTenancy, ScopeLike } from '../ports/tenancy-like.ts'
export type { TestableTenancy, TenantOf, NewTenantOf } from './database/testable.ts'
export { openTestDatabase, type TestDatabase, type TestDatabaseOptions } from './database/test-database.ts'
export type { TestTenantInput } from './database/test-tenants.ts'
export type { TestTransaction, TestTransactionOptions, TestTransactions, TransactionsOptions } from './database/transactions.ts'
export type { IsolationLevel } from '../database/one-connection/texts.ts'
export { useTenants, type TenantTests, type TestHook, type TestHooks } from './hooks.ts'
export { tenantFixtures, type TenantFixtureFunctions, type TenantFixtures, type UseFixture } from './fixtures.ts'
export { TestStage, type TestMode, type TestRun, type TestStageOptions } from './stage.ts'
export {
  tenantClient,
  tenantRequest,
  type TenantClient,
  type TenantClientOptions,
  type TestRequestInit,
  type TestResponse,
} from './tenant-client.ts'
export type { AddressedTenancy } from './tenant-address.ts'
export type { TestApp, TestFetchHandler, TestListener } from './test-apps.ts'
export { watchLeaks, type LeakOptions, type LeakWatch, type WatchedTenancy } from './leaks.ts'
export type { Contract, ContractCase, ContractConfig, ContractOptions, ContractTenancy } from './contract/contract.ts'
export { adapterContract, listening, type AdapterContractOptions, type SubjectServer } from './contract/adapter-contract.ts'
export type { SubjectOptions } from './contract/adapter-promises.ts'
export type { ContractApp, ContractCall, ContractReply, ContractRoute } from './contract/adapter-app.ts'
export { poolContract, type PoolContractOptions, type PoolSubject, type SubjectQuery } from './contract/pool-contract.ts'
