/** The application of the contract, by the names that the tests here have for its parts. */
export {
  contractApp,
  scopeProbe,
  type ContractApp,
  type ContractCall as Call,
  type ContractReply as Reply,
  type ContractRoute as Route,
} from '../../../src/testing/contract/adapter-app.ts'
