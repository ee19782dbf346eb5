/** Runs of migrations, and what became of each schema in them. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const migrationRuns: CatalogMigration = {
  number: 3,
  name: '0003-migration-runs',
  checksum: 'c8811e6cd832d7ed3882714e708c91bc02b56441911106056e3bd02a08e5e539',
  text: String.raw`-- What became of each run of migrations, so that one that was interrupted can be finished.

create table partywall.migration_runs (
  id uuid primary key default gen_random_uuid(),
  state text not null default 'running',
  options jsonb not null default '{}',
  started_at timestamptz not null default now(),
  ended_at timestamptz,

  constraint migration_runs_state_is_known check (state in ('running', 'done', 'failed'))
);

comment on table partywall.migration_runs is 'Runs of migrations; one that says running and runs no more was killed.';

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

comment on table partywall.migration_run_entries is 'The schemas that a run found something to do in, and what became of each.';
`,
}
