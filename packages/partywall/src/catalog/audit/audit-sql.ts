/** Statements that add entries to the audit. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'

export interface EntryRow {
  /** Undefined: the role that the connection logged in as. */
  readonly actor: string | undefined
  readonly action: string
  readonly origin: string
  /** JSON. */
  readonly details: string
}

export function insertEntrySql({ actor, action, origin, details }: EntryRow, tenantId?: string, object?: string): Statement {
  return {
    text: `
      insert into partywall.audit (actor, action, tenant_id, object, origin, details)
      values (coalesce($1::text, session_user), $2::text, $3::uuid, $4::text, $5::text, $6::jsonb)`,
    values: [actor ?? null, action, tenantId ?? null, object ?? null, origin, details],
  }
}

/** The columns of a change that name its tenant and its object. Each is SQL of this module's callers, never a value. */
export interface Subject {
  readonly tenantId: string
  readonly object: string
}

/**
 * The change, and an entry for each row that it returns, in one statement: there is no change without an entry, no entry without a change, and no
 * further round trip. Returns what the change returns.
 */
export function withEntrySql(change: Statement, { tenantId, object }: Subject, entry: EntryRow): Statement {
  const { actor, action, origin, details } = entry
  const values = change.values ?? []
  const [$actor, $action, $origin, $details] = [1, 2, 3, 4].map((place) => `$${values.length + place}`)
  return {
    text: `
      with changed as (${change.text}
      ), recorded as (
        insert into partywall.audit (actor, action, tenant_id, object, origin, details)
        select coalesce(${$actor}::text, session_user), ${$action}::text, ${tenantId}::uuid, ${object}::text, ${$origin}::text, ${$details}::jsonb
        from changed
      )
      select * from changed`,
    values: [...values, actor ?? null, action, origin, details],
  }
}
