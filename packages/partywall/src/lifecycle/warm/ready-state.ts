/** Ready schemas with what PostgreSQL's catalog says of them. */
import type { ReadySchema } from '../../catalog/ready/ready-schema.ts'
import { readyColumns } from '../../catalog/ready/ready-sql.ts'
import { readyOfRow, type ReadyRow } from '../../catalog/ready/ready-store.ts'
import { digestColumns, withDigest } from '../../migrations/history/history-sql.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'

export interface ReadyState {
  readonly ready: ReadySchema
  /** Null: the schema is not there. */
  readonly oid: string | null
  /** Of the history that it has now. */
  readonly digest: string | null
}

/** One query. @param kinds absent: all of them */
export async function listReady(queryable: Queryable, kinds: readonly string[] | undefined): Promise<readonly ReadyState[]> {
  const { rows } = await queryable.query<ReadyRow & { oid_now: string | null; digest_now: string | null }>(statesSql(kinds))
  return rows.map(({ oid_now: oid, digest_now: digest, ...row }) => ({ ready: readyOfRow(row), oid, digest }))
}

function statesSql(kinds: readonly string[] | undefined): Statement {
  return {
    text: `
      select ${readyColumns},
        namespace.oid::text as oid_now,
        ${digestColumns.replace('as digest', 'as digest_now')}
      from partywall.ready_schemas as ready
      left join pg_catalog.pg_namespace as namespace on namespace.nspname = ready.schema::pg_catalog.name
      ${withDigest}
      where $1::text[] is null or ready.kind = any ($1::text[])
      order by ready.kind, ready.created_at, ready.id`,
    values: [kinds === undefined ? null : [...kinds]],
  }
}
