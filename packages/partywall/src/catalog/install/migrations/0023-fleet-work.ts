/** Resumable work on many tenants. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'
import { rightsOfDomains } from './rights-of-domains.ts'

export const fleetWork: CatalogMigration = {
  number: 23,
  name: '0023-fleet-work',
  checksum: '852e6ee4da3cf4ca22040603b37786ef32d6aa8f389348d583c2e42257f2f2a0',
  text: String.raw`-- Work on many tenants that a later call may go on with: which tenants are done, and who works on the others.

create table partywall.fleet_work (
  key text collate "C" not null,
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  state text collate "C" not null default 'running',
  attempt integer not null default 1,
  holder uuid not null,
  lease_until timestamptz not null,
  started_at timestamptz not null default pg_catalog.clock_timestamp(),
  ended_at timestamptz,
  primary key (key, tenant_id),

  constraint fleet_work_key_is_bounded check (pg_catalog.octet_length(key) between 1 and 200),
  constraint fleet_work_state_is_known check (state in ('running', 'done', 'failed'))
);

create index fleet_work_tenant on partywall.fleet_work (tenant_id);

comment on table partywall.fleet_work is 'Which tenants resumable work has done. A holder whose lease is over has given no sign of life.';

${rightsOfDomains('fleet_work')}`,
}
