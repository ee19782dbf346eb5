/** What the tests of adapters send with. */
export { ContractClient as Client, type Answer, type Sent } from '../../../src/testing/contract/adapter-client.ts'
