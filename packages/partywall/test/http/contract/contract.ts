/** The contract that partywall/testing exports, as our own adapters run it. */
import {
  adapterContract,
  listening,
  type AdapterContractOptions,
  type Contract,
  type ContractConfig,
  type SubjectServer,
} from 'partywall/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adapterTenancy } from '../../../src/testing/contract/adapter-contract.ts'
import type { promises } from '../../../src/testing/contract/adapter-promises.ts'
import { createTenancy, type Tenancy } from '../../../src/tenancy.ts'
import { testDatabase } from '../../support/servers/database.ts'

export { listening, type SubjectServer }

export interface Subject {
  readonly name: string
  readonly start: AdapterContractOptions<Tenancy>['start']
}

export function httpContract(subject: Subject): void {
  // oxlint-disable-next-line vitest/valid-title -- the name of the subject
  describe(subject.name, () => {
    const { cases, run } = declared(subject)
    test.each(cases.map(({ name }) => name))('%s', (name) => run(name))
  })
}

/** Tries the contract itself: an adapter that is known to be wrong must break these promises. */
export function expectBroken(subject: Subject, broken: readonly (keyof typeof promises)[]): void {
  // oxlint-disable-next-line vitest/valid-title -- the name of the subject
  describe(subject.name, () => {
    const { run } = declared(subject)
    test.each(broken)('breaks: %s', async (name) => {
      await expect(run(name)).rejects.toThrow(/expected|socket hang up|aborted/i)
    })
  })
}

function declared(subject: Subject): Pick<Contract, 'cases'> & { run(name: string): Promise<void> } {
  let database: string | undefined
  const open = (config: ContractConfig): Tenancy => createTenancy({ ...config, database: database! })
  // The database is known when a case runs.
  const contract = adapterContract({ open, start: subject.start, database: 'postgres://not-yet' })
  beforeAll(async () => void (database = (await testDatabase()).url))
  afterAll(() => contract.close())
  return { cases: contract.cases, run: (name) => contract.cases.find((one) => one.name === name)!.run() }
}

export function contractTenancy(url: string): Promise<Tenancy> {
  return adapterTenancy((config): Tenancy => createTenancy({ ...config, resolve: [...config.resolve] }), url)
}
