/**
 * What attacks are given: three throw-away tenants with tables of their own, and the ways by which an application reaches its tenants. No attack gets
 * the name of a real tenant.
 */
import type { Pool, PoolClient } from 'pg'
import type { Queryable } from '../../sql/statement.ts'
import type { Tenant } from '../../types.ts'

/** A tenant that exists while attacks run. What must not reach another tenant cannot be guessed. */
export interface ThrowAway {
  readonly tenant: Tenant<any>
  readonly schema: string
  /** The schema as an SQL identifier. */
  readonly sql: string
  /** In each row of its table `notes`. */
  readonly secret: string
  /** Where its sequence `tickets` starts. */
  readonly number: string
  /** In the text of its function `whose` and of its view `secrets`. */
  readonly code: string
  /** The role that its statements run as; `none` under the boundary `path`. */
  readonly role: string
}

/** Objects in the shared schema, as SQL with the schema. Absent: the role of the connection may not create there. */
export interface SharedObjects {
  readonly table: string
  /** Reads the table of the sibling, as a mistake of the application's own code would. */
  readonly view: string
  /** Has a variable of the type of the tenant's table. */
  readonly routine: string
  /** A table that does not exist, and that an attack may try to make. */
  readonly spareTable: string
}

export interface World {
  /** The attacker. */
  readonly mine: ThrowAway
  /** The tenant under attack. Its table has another order of columns. */
  readonly sibling: ThrowAway
  /** A tenant that may be broken: its schema is swapped and dropped. */
  readonly other: ThrowAway
  /** The name of a schema that may be made, as SQL; it is removed with the others. */
  readonly spareSchema: string
  readonly shared: SharedObjects | undefined
  /** Lends one connection, so what a tenant leaves on it is met by the next tenant. */
  readonly one: Pool
  /** Two connections, for what happens between them. */
  readonly two: Pool
  /** Whether a connection has a session of its own; false behind a pooler. */
  readonly isDirect: boolean
  /** Owns the tables; prepares and observes. */
  readonly owner: Queryable
  /** The role of `owner`, as SQL. */
  readonly ownerRole: string
  /** Runs `fn` in the scope of the tenant. */
  run<T>(who: ThrowAway, fn: () => T): Promise<Awaited<T>>
  /** Runs `fn` in the scope of the shared schema. */
  runShared<T>(fn: () => T): Promise<Awaited<T>>
  /** Lends a connection that is bound to the tenant for its whole life. */
  session<T>(who: ThrowAway, fn: (client: PoolClient) => Promise<T>): Promise<T>
  /** Runs `fn` outside of every scope. */
  runOutside<T>(fn: () => T): T
  /** A function that runs in the scope that it was made in. */
  bind<T>(fn: () => T): () => T
  /** Whether a tenant may have this schema. */
  mayBeSchema(name: string): boolean
}

export type { PoolClient }
