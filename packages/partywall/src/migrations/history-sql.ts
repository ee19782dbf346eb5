/** Statements about the history of one schema: its own table, always named with its schema, so that no other one is ever met. */
import { identifier } from '../database/identifier.ts'
import type { Statement } from '../database/statement.ts'

const historyTable = 'partywall_migrations'

/** One row when the schema is there, with `history`: the name of the table, or null. No row when there is no such schema. */
export function historyExistsSql(schema: string): Statement {
  return {
    text: `
      select history.relname::text as history
      from pg_catalog.pg_namespace as namespace
      left join pg_catalog.pg_class as history
        on history.relnamespace = namespace.oid
        and history.relname = '${historyTable}'
      where namespace.nspname = $1::text`,
    values: [schema],
  }
}

export function createHistorySql(schema: string): Statement {
  return {
    text: `
      create table ${qualified(schema)} (
        name text collate "C" primary key,
        checksum text not null,
        applied_at timestamptz not null default now()
      )`,
  }
}

export function readHistorySql(schema: string): Statement {
  return {
    text: `
      select
        name::text as name,
        checksum::text as checksum
      from ${qualified(schema)}
      order by name collate "C"`,
  }
}

export function recordSql(schema: string, name: string, checksum: string): Statement {
  return {
    text: `
      insert into ${qualified(schema)} (name, checksum)
      values ($1::text, $2::text)`,
    values: [name, checksum],
  }
}

function qualified(schema: string): string {
  return `${identifier(schema)}.${identifier(historyTable)}`
}
