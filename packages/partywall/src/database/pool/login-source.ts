/** Where a pool gets connections from that log in as the role of one tenant. It is made in the room `logins`, which knows the passwords. */
import type { PoolConfig } from 'pg'
import type { Binding } from '../binding/binding.ts'
import type { Release } from './loan.ts'
import type { Maker } from './making-clients.ts'
import type { TenantClient } from './tenant-client.ts'

/** pg-pool's callback: with an error, or with a client and how to give it back. */
export type TakeCallback = (error: Error | undefined, client?: TenantClient, giveBack?: Release) => void

export interface LoginSource {
  /** The most connections that are open at a time, over all tenants. */
  readonly max: number
  /** Those that are open. */
  readonly clients: readonly TenantClient[]
  /** Calls `done` with a connection that is logged in as `binding.login`. */
  take(binding: Binding, done: TakeCallback): void
  /** Closes the idle connections of a role, and the others when they are given back. */
  endRole(role: string): void
  end(): Promise<void>
}

/** The pool that the connections belong to. */
export interface LoginHost {
  /** How the pool connects: complete as soon as the server is located. */
  readonly options: PoolConfig
  readonly maker: Maker
}

/** The error of pg-pool for a caller that waited too long. */
export const waitedTooLong = 'timeout exceeded when trying to connect'

/** The error of pg-pool for a caller that comes after the end. */
export const poolHasEnded = 'Cannot use a pool after calling end on the pool'
