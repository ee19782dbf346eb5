/** The rows of ready schemas. */
import type { Queryable } from '../../sql/statement.ts'
import type { ReadySchema, Seal, SealedContents } from './ready-schema.ts'
import { countReadySql, deleteReadySql, insertReadySql, keepSealSql, takeReadySql } from './ready-sql.ts'

/** How many there are of a kind, and how many of them a new tenant with this history can get. */
export async function countReady(
  queryable: Queryable,
  kind: string,
  { digest, reader }: Pick<Seal, 'digest' | 'reader'>,
): Promise<{ readonly all: number; readonly fit: number }> {
  return (await queryable.query<{ all: number; fit: number }>(countReadySql(kind, digest, reader))).rows[0]!
}

export interface TakenReady {
  readonly ready: ReadySchema
  /** No migration of it is running, and none can start until the transaction ends. */
  readonly isFree: boolean
  /** The limit that the transaction had before. */
  readonly lockTimeout: string
}

/** Undefined where there is none. */
export async function takeReady(
  transaction: Queryable,
  kind: string,
  { digest, reader }: Pick<Seal, 'digest' | 'reader'>,
  lockKey: (column: string) => string,
  lockTimeoutMs: number,
): Promise<TakenReady | undefined> {
  const { rows } = await transaction.query<ReadyRow & { is_free: boolean; lock_timeout: string }>(
    takeReadySql(kind, digest, reader, lockKey, lockTimeoutMs),
  )
  return rows[0] && { ready: readyOfRow(rows[0]), isFree: rows[0].is_free, lockTimeout: rows[0].lock_timeout }
}

export async function insertReady(
  queryable: Queryable,
  { id, kind, schema, seal }: Omit<ReadySchema, 'createdAt'>,
): Promise<void> {
  await queryable.query(insertReadySql(id, kind, schema, seal))
}

/** Whether it is still there. */
export async function keepSeal(queryable: Queryable, { id }: Pick<ReadySchema, 'id'>, seal: Seal): Promise<boolean> {
  return (await queryable.query(keepSealSql(id, seal))).rows.length > 0
}

/** Undefined where it was taken meanwhile. `isThere`: the schema is in the database, and is the one that was sealed. */
export async function deleteReady(
  queryable: Queryable,
  { id }: Pick<ReadySchema, 'id'>,
): Promise<{ readonly schema: string; readonly isThere: boolean } | undefined> {
  return (await queryable.query<{ schema: string; isThere: boolean }>(deleteReadySql(id))).rows[0]
}

/** All text, as `readyColumns` gives it. */
export interface ReadyRow extends Record<string, unknown> {
  readonly id: string
  readonly kind: string
  readonly schema: string
  readonly oid: string
  readonly digest: string
  readonly reader: string
  readonly hash: string
  readonly contents: string
  readonly created_at: string
}

export function readyOfRow({ id, kind, schema, created_at, oid, digest, reader, hash, contents }: ReadyRow): ReadySchema {
  return {
    id,
    kind,
    schema,
    seal: { oid, digest, reader, hash, contents: JSON.parse(contents) as SealedContents },
    createdAt: new Date(Number(created_at)),
  }
}
