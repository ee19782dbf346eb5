/** What each room of the console's server gets. */
import type { Hono } from 'hono'
import type { Tenancy } from 'partywall'
import type { ConsoleJobs } from './jobs/source.ts'
import type { ConsoleOptions } from './options.ts'

/** The tenancy of the application, whatever its attributes and settings are. */
export type AnyTenancy = Tenancy<any, any, any, any>

/** A viewer reads. An operator changes what can be changed back. An owner deletes, and makes operators. */
export type Role = 'viewer' | 'operator' | 'owner'

/** Who uses the console in this request. */
export interface Operator {
  /** Stands in the audit log as the actor: 1 to 200 characters. */
  readonly id: string
  /** For people; default: the id. */
  readonly name?: string
  readonly role: Role
}

export interface ConsoleParts {
  readonly tenancy: AnyTenancy
  /** The queue of the application. Absent: the console shows no jobs. */
  readonly jobs?: ConsoleJobs | undefined
  /** Who enters; absent in tests of a room. */
  readonly authorize?: ConsoleOptions['authorize'] | undefined
}

/** What the core has set before a room answers. */
export interface ConsoleEnv {
  Variables: { operator: Operator }
}

/** A room of the API, mounted at `api/<room>`. */
export type Room = Hono<ConsoleEnv>
