/** Statements about migration runs. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'

export interface RunTarget {
  readonly target: string
  readonly tenantId: string | undefined
}

export interface RunEntry {
  readonly target: string
  readonly state: 'done' | 'failed' | 'skipped'
  readonly applied: readonly string[]
  readonly error: object | undefined
  readonly durationMs: number
}

const runsKept = 100

/** Who works on a run. Undefined as an actor: the role that the connection logged in as. */
export interface RunBy {
  readonly actor: string | undefined
  readonly origin: string
}

/** @param tenantId the only tenant that the run is for; returned as it is, for the entry of the audit */
export function startRunSql(options: object, by: RunBy, tenantId: string | undefined): Statement {
  return {
    text: `
      insert into partywall.migration_runs (options)
      values ($1::jsonb || pg_catalog.jsonb_build_object('by', pg_catalog.jsonb_build_object('actor', coalesce($3::text, session_user), 'origin', $4::text)))
      returning
        id::text as id,
        $2::text as tenant_id`,
    values: [JSON.stringify(options), tenantId ?? null, by.actor ?? null, by.origin],
  }
}

/** Another process goes on with the run. */
export function resumeRunSql(runId: string, by: RunBy): Statement {
  return {
    text: `
      update partywall.migration_runs
      set state = 'running',
          ended_at = null,
          options = options || pg_catalog.jsonb_build_object('by', pg_catalog.jsonb_build_object('actor', coalesce($2::text, session_user), 'origin', $3::text))
      where id = $1::uuid`,
    values: [runId, by.actor ?? null, by.origin],
  }
}

export function forgetOldRunsSql(): Statement {
  return {
    text: `
      delete from partywall.migration_runs
      where id in (
        select id
        from partywall.migration_runs
        order by started_at desc
        offset ${runsKept}
      )`,
  }
}

/** Targets that are recorded already, by a run that is resumed, become pending again. */
export function expectEntriesSql(runId: string, targets: readonly RunTarget[]): Statement {
  return {
    text: `
      insert into partywall.migration_run_entries as entry (run_id, target, tenant_id)
      select $1::uuid, target, tenant_id
      from unnest($2::text[], $3::uuid[]) as given (target, tenant_id)
      on conflict (run_id, target) do update set state = 'pending', error = null`,
    values: [runId, targets.map(({ target }) => target), targets.map(({ tenantId }) => tenantId ?? null)],
  }
}

export function endEntriesSql(runId: string, entries: readonly RunEntry[]): Statement {
  return {
    text: `
      update partywall.migration_run_entries as entry
      set state = given.state,
          applied = entry.applied || array(select jsonb_array_elements_text(given.applied)),
          error = given.error,
          duration_ms = given.duration_ms,
          ended_at = now()
      from unnest($2::text[], $3::text[], $4::jsonb[], $5::jsonb[], $6::integer[])
        as given (target, state, applied, error, duration_ms)
      where entry.run_id = $1::uuid
        and entry.target = given.target`,
    values: [
      runId,
      entries.map(({ target }) => target),
      entries.map(({ state }) => state),
      entries.map(({ applied }) => JSON.stringify(applied)),
      entries.map(({ error }) => (error === undefined ? null : JSON.stringify(error))),
      entries.map(({ durationMs }) => Math.round(durationMs)),
    ],
  }
}

/** As a transaction of its own: commits before this one did not wait for the disk; this one does, and takes them all with it. */
export function endRunSql(runId: string, state: 'done' | 'failed', tenantId: string | undefined): Statement {
  return {
    text: `
      update partywall.migration_runs
      set state = $2::text,
          ended_at = now()
      where id = $1::uuid
        and pg_catalog.set_config('synchronous_commit', 'on', true) is not null
      returning
        id::text as id,
        $3::text as tenant_id`,
    values: [runId, state, tenantId ?? null],
  }
}

/** The last run, if something of it is left. */
export function unfinishedRunSql(): Statement {
  return {
    text: `
      select
        run.id::text as id,
        run.options::text as options
      from partywall.migration_runs as run
      where run.started_at = (select max(started_at) from partywall.migration_runs)
        and run.state <> 'done'`,
  }
}

export function unfinishedTargetsSql(runId: string): Statement {
  return {
    text: `
      select
        entry.target as target,
        entry.tenant_id::text as "tenantId"
      from partywall.migration_run_entries as entry
      where entry.run_id = $1::uuid
        and entry.state <> 'done'
      order by entry.target`,
    values: [runId],
  }
}
