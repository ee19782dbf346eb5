/** What tenants use. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

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

-- A role that could read or change domains before this migration can do the same here. A function that is dropped at once: behind a pooler,
-- partywall sends no DO with a text that is put together at run time.
create function partywall.let_use_usage() returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  held record;
begin
  for held in
    select
      case privilege.grantee when 0 then 'public' else privilege.grantee::pg_catalog.regrole::text end as grantee,
      pg_catalog.string_agg(distinct privilege.privilege_type, ', ') as privileges
    from pg_catalog.pg_class as relation
    cross join pg_catalog.aclexplode(relation.relacl) as privilege
    where relation.oid = 'partywall.domains'::pg_catalog.regclass
      and privilege.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
      and privilege.grantee <> relation.relowner
    group by privilege.grantee
  loop
    execute pg_catalog.format('grant %s on partywall.usage_sheets, partywall.usage to %s', held.privileges, held.grantee);
  end loop;
end
$$;

select partywall.let_use_usage();
drop function partywall.let_use_usage();
`,
}
