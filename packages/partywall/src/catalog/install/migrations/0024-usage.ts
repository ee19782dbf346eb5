/** What tenants use. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'
import { rightsOfDomains } from './rights-of-domains.ts'

export const usage: CatalogMigration = {
  number: 24,
  name: '0024-usage',
  checksum: 'd98a0a10166a23171b504e0301094c8ffcaecf049da878a65a5dffb8ad710063',
  text: String.raw`-- What tenants use, for each period and process. A process stores the sums of its sheet, so that storing twice changes nothing.

create table partywall.usage_sheets (
  id uuid primary key,
  process text not null,
  period_from timestamptz not null,
  period_until timestamptz not null,
  flushed_at timestamptz not null default pg_catalog.clock_timestamp(),
  is_closed boolean not null,

  constraint usage_sheets_period_is_one check (period_from < period_until),
  constraint usage_sheets_process_is_bounded check (pg_catalog.octet_length(process) <= 1000)
);

create index usage_sheets_period on partywall.usage_sheets (period_until);

comment on table partywall.usage_sheets is 'One row for each period of each process that counts. One that was closed does not grow any more.';

-- Without a reference to the tenant: what a deleted tenant has used may still be billed.
create table partywall.usage (
  sheet_id uuid not null references partywall.usage_sheets (id) on delete cascade,
  tenant_id uuid not null,
  calls bigint not null,
  statements bigint not null,
  failed bigint not null,
  refused bigint not null,
  rows bigint not null,
  busy_ms double precision not null,
  bytes_sent bigint not null,
  bytes_received bigint not null,
  collected_at timestamptz,
  primary key (sheet_id, tenant_id)
);

create index usage_uncollected on partywall.usage (sheet_id) where collected_at is null;

comment on table partywall.usage is 'What each tenant has used, as one process has counted it for one period.';

${rightsOfDomains('usage', ['usage_sheets', 'usage'])}`,
}
