/** Statements that read the record of migration runs. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'

/** Text in every column: an application may have changed how node-postgres reads other types. */
export interface RunRow extends Record<string, unknown> {
  readonly id: string
  readonly state: string
  readonly options: string
  readonly started_at: string
  readonly ended_at: string | null
  readonly active_at: string | null
  readonly is_last: string
  readonly pending: string
  readonly done: string
  readonly failed: string
  readonly skipped: string
}

const counts = ['pending', 'done', 'failed', 'skipped'].map(
  (state) => `count(*) filter (where entry.state = '${state}')::text as ${state}`,
)

/** The newest runs, or one of them, with how many schemas are in which state. */
export function runsSql(limit: number, id: string | undefined): Statement {
  return {
    text: `
      select
        run.id::text as id,
        run.state as state,
        run.options::text as options,
        floor(extract(epoch from run.started_at) * 1000)::text as started_at,
        floor(extract(epoch from run.ended_at) * 1000)::text as ended_at,
        counted.active_at,
        (run.started_at = (select max(started_at) from partywall.migration_runs))::text as is_last,
        counted.pending,
        counted.done,
        counted.failed,
        counted.skipped
      from partywall.migration_runs as run
      cross join lateral (
        select
          floor(extract(epoch from max(entry.ended_at)) * 1000)::text as active_at,
          ${counts.join(', ')}
        from partywall.migration_run_entries as entry
        where entry.run_id = run.id
      ) as counted
      where $2::uuid is null or run.id = $2::uuid
      order by run.started_at desc
      limit $1::int`,
    values: [limit, id ?? null],
  }
}

export interface EntryRow extends Record<string, unknown> {
  readonly target: string
  readonly tenant_id: string | null
  readonly state: string
  readonly applied: string
  readonly error: string | null
  readonly duration_ms: string | null
  readonly ended_at: string | null
}

export interface EntriesPage {
  readonly states: readonly string[] | undefined
  readonly after: string | undefined
  readonly limit: number
}

/** One page of the schemas of a run, sorted by name. */
export function runEntriesSql(id: string, { states, after, limit }: EntriesPage): Statement {
  return {
    text: `
      select
        entry.target as target,
        entry.tenant_id::text as tenant_id,
        entry.state as state,
        pg_catalog.to_jsonb(entry.applied)::text as applied,
        entry.error::text as error,
        entry.duration_ms::text as duration_ms,
        floor(extract(epoch from entry.ended_at) * 1000)::text as ended_at
      from partywall.migration_run_entries as entry
      where entry.run_id = $1::uuid
        and ($2::text[] is null or entry.state = any ($2::text[]))
        and ($3::text is null or entry.target > $3::text collate "C")
      order by entry.target
      limit $4::int`,
    values: [id, states === undefined ? null : [...states], after ?? null, limit],
  }
}
