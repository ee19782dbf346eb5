/** How far the schedules of the fleet have come. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

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

-- A role that could read or change domains before this migration can do the same here. A function that is dropped at once: behind a pooler,
-- partywall sends no DO with a text that is put together at run time.
create function partywall.let_use_schedules() returns void
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
    execute pg_catalog.format('grant %s on partywall.schedules to %s', held.privileges, held.grantee);
  end loop;
end
$$;

select partywall.let_use_schedules();
drop function partywall.let_use_schedules();
`,
}
