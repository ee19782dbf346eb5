/** Statements that read the audit. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'

export interface EntryFilter {
  readonly tenantId: string | undefined
  readonly actor: string | undefined
  /** A whole name such as `member.added`, or the part in front of the first dot. */
  readonly actions: readonly string[] | undefined
  readonly since: Date | undefined
  readonly until: Date | undefined
}

export interface EntryPage extends EntryFilter {
  readonly limit: number
  /** The id of the entry that the page continues after. */
  readonly after: string | undefined
  readonly isOldestFirst: boolean
}

/** One page of entries, sorted by their ids. */
export function entryPageSql({ tenantId, actor, actions, since, until, limit, after, isOldestFirst }: EntryPage): Statement {
  return {
    text: `
      select
        entry.id::text as id,
        floor(extract(epoch from entry.at) * 1000)::text as at,
        entry.actor as actor,
        entry.action as action,
        entry.tenant_id::text as tenant_id,
        entry.object as object,
        entry.origin as origin,
        entry.details::text as details
      from partywall.audit as entry
      where ($1::uuid is null or entry.tenant_id = $1::uuid)
        and ($2::text is null or entry.actor = $2::text)
        and (
          $3::text[] is null
          or entry.action = any ($3::text[])
          or pg_catalog.split_part(entry.action, '.', 1) = any ($3::text[])
        )
        and ($4::timestamptz is null or entry.at >= $4::timestamptz)
        and ($5::timestamptz is null or entry.at < $5::timestamptz)
        and ($6::bigint is null or entry.id ${isOldestFirst ? '>' : '<'} $6::bigint)
      order by entry.id ${isOldestFirst ? 'asc' : 'desc'}
      limit $7::int`,
    values: [
      tenantId ?? null,
      actor ?? null,
      actions === undefined ? null : [...actions],
      since?.toISOString() ?? null,
      until?.toISOString() ?? null,
      after ?? null,
      limit,
    ],
  }
}
