/** Runs of migrations, and what became of each schema in them. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const migrationRuns: CatalogMigration = {
  number: 3,
  name: '0003-migration-runs',
  checksum: 'ca49ed76a0f47c0a2d557d97410d0fc632d130fbb43e2bfc490e6b4fa8c6a387',
  text: String.raw`-- The migration runs and their results, so that an interrupted run can be resumed.

create table partywall.migration_runs (
  id uuid primary key default gen_random_uuid(),
  state text not null default 'running',
  options jsonb not null default '{}',
  started_at timestamptz not null default now(),
  ended_at timestamptz,

  constraint migration_runs_state_is_known check (state in ('running', 'done', 'failed'))
);

comment on table partywall.migration_runs is 'Migration runs. A run in the state running whose process is gone was killed.';

create table partywall.migration_run_entries (
  run_id uuid not null references partywall.migration_runs (id) on delete cascade,
  target text collate "C" not null,
  tenant_id uuid,
  state text not null default 'pending',
  applied text[] not null default '{}',
  error jsonb,
  duration_ms integer,
  ended_at timestamptz,

  primary key (run_id, target),
  constraint migration_run_entries_state_is_known check (state in ('pending', 'done', 'failed', 'skipped'))
);

comment on table partywall.migration_run_entries is 'The schemas that a run has to migrate, and the result of each.';
`,
}
