/** What contracts have in common: named cases, which any test runner runs, and what is closed after them. */
import assert from 'node:assert/strict'
import type { Tenant } from '../../types.ts'
import type { NamedResolver, ResolverFunction } from '../../ports/resolver.ts'
import type { TestableTenancy } from '../database/testable.ts'

export interface ContractCase {
  /** A sentence. */
  readonly name: string
  /** Rejects with the difference when the promise is not kept. */
  run(): Promise<void>
}

export interface Contract {
  readonly cases: readonly ContractCase[]
  /** Call it after the last case. */
  close(): Promise<void>
}

/** What a contract opens a tenancy with: `createTenancy` takes it. */
export interface ContractConfig {
  readonly database: string
  readonly migrations: { readonly shared: false; readonly tenant: false }
  readonly pool: { readonly max: number }
  readonly resolve: (NamedResolver | ResolverFunction)[]
}

export interface ContractOptions<T extends ContractTenancy> {
  /** `createTenancy` of partywall. */
  readonly open: (config: ContractConfig) => T
  /** The server, as in openTestDatabase. @default process.env.TEST_DATABASE_URL; without it the embedded PostgreSQL */
  readonly server?: string | undefined
  /** An empty database that the contract may fill. @default one of its own, which is dropped */
  readonly database?: string | undefined
}

/** What a contract needs of a tenancy. */
export interface ContractTenancy extends TestableTenancy {
  readonly tenants: TestableTenancy['tenants'] & {
    find(ref: string): Promise<Tenant<any> | undefined>
    suspend(ref: string): Promise<unknown>
    setMaintenance(ref: string): Promise<unknown>
    archive(ref: string): Promise<unknown>
  }
  tryCurrent(): Tenant<any> | undefined
}

/** Fails unless `actual` has what `expected` has; a regular expression must match. */
export function assertLike(actual: unknown, expected: unknown, place = ''): void {
  if (expected instanceof RegExp) return assert.match(String(actual), expected)
  if (typeof expected !== 'object' || expected === null)
    return assert.deepEqual(
      actual,
      expected,
      `expected ${JSON.stringify(expected)} at ${place || 'the top'}, not ${JSON.stringify(actual)}`,
    )
  for (const [key, value] of Object.entries(expected))
    assertLike((actual as Record<string, unknown> | undefined)?.[key], value, `${place}.${key}`)
}

/** Waits until `look` passes; its last failure is that of the case. */
export async function until(look: () => unknown, withinMs = 2000): Promise<void> {
  const late = performance.now() + withinMs
  for (;;) {
    try {
      return void (await look())
    } catch (error) {
      if (performance.now() > late) throw error
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}
