/** How far the schedules of the fleet have come. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'
import { rightsOfDomains } from './rights-of-domains.ts'

export const schedules: CatalogMigration = {
  number: 21,
  name: '0021-schedules',
  checksum: '7a97baf418eac4340f025822440d33b4e1ca37b217fe351c1e5d5a1ef02b4f6b',
  text: String.raw`-- Until when the jobs of a schedule were enqueued, for all tenants.

create table partywall.schedules (
  name text collate "C" primary key,
  done_until timestamptz not null,

  constraint schedules_name_is_bounded check (pg_catalog.octet_length(name) between 1 and 500)
);

comment on table partywall.schedules is 'Until when the jobs of each schedule were enqueued. The process that enqueues holds the row.';

${rightsOfDomains('schedules')}`,
}
