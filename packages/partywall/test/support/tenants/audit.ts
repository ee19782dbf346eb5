/** Reads the audit of a database, as its owner. */
import type { Client } from 'pg'

export interface AuditEntry {
  readonly actor: string
  readonly action: string
  readonly tenant_id: string | null
  readonly object: string | null
  readonly origin: string
  readonly details: Record<string, unknown>
}

/** @param since the id of the last entry that is not meant */
export async function auditOf(admin: Client, since = 0): Promise<AuditEntry[]> {
  const { rows } = await admin.query<AuditEntry>(
    'select actor, action, tenant_id, object, origin, details from partywall.audit where id > $1 order by id',
    [since],
  )
  return rows
}

export async function lastEntry(admin: Client): Promise<number> {
  return (await admin.query<{ last: number }>('select coalesce(max(id), 0)::int as last from partywall.audit')).rows[0]!.last
}
