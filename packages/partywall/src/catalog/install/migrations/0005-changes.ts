/** Tells every process which tenants changed. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const changes: CatalogMigration = {
  number: 5,
  name: '0005-changes',
  checksum: '17f83c34bb0ca0aa1eec9749f8617bea564709be0c84e541f3510563577ea4da',
  text: String.raw`-- Every change of a tenant or of its domains is announced twice: by NOTIFY, and as a row for those that cannot listen. An announcement has the
-- id of the tenant and what became of it, but no name and no attribute:
--   tenant <id> <revision> <generation> <status>, deleted <id>, domain <id of the tenant>, all

create table partywall.changes (
  id bigint generated always as identity primary key,
  what text not null,
  transaction xid8 not null default pg_catalog.pg_current_xact_id(),
  at timestamptz not null default pg_catalog.now()
);

-- A reader asks for what was committed after its last look: the rows of transactions that had not ended then.
create index changes_transaction on partywall.changes (transaction);

comment on table partywall.changes is 'Announcements of the last hour, for processes that cannot listen to them.';

create function partywall.announce(announced text[]) returns void
  language plpgsql set search_path = pg_catalog
as $$
begin
  if pg_catalog.cardinality(announced) > 1000 then
    announced := array['all'];
  end if;
  insert into partywall.changes (what)
  select distinct one from pg_catalog.unnest(announced) as one;
  perform pg_catalog.pg_notify('partywall', one) from pg_catalog.unnest(announced) as one;
  -- A few of the oldest rows, each time. Another transaction may be deleting the same ones: nothing waits for it.
  delete from partywall.changes
  where id in (
    select change.id
    from partywall.changes as change
    where change.id in (select oldest.id from partywall.changes as oldest order by oldest.id limit 20)
      and change.at < pg_catalog.now() - interval '1 hour'
    for update skip locked
  );
end
$$;

revoke execute on function partywall.announce from public;

-- With the rights of the owner, so that a role that may change tenants needs none on the table of changes.
create function partywall.announce_tenants() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
declare
  announced text[];
begin
  if tg_op = 'TRUNCATE' then
    announced := array['all'];
  elsif tg_op = 'DELETE' then
    announced := array(select pg_catalog.concat('deleted ', id) from before_change limit 1001);
  else
    announced := array(
      select pg_catalog.concat_ws(' ', 'tenant', id, revision, generation, status) from after_change limit 1001
    );
    if tg_op = 'UPDATE' then
      announced := announced || array(
        select pg_catalog.concat('deleted ', id) from before_change where id not in (select id from after_change) limit 1001
      );
    end if;
  end if;
  perform partywall.announce(announced);
  return null;
end
$$;

create function partywall.announce_domains() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
declare
  announced text[];
begin
  if tg_op = 'TRUNCATE' then
    announced := array['all'];
  elsif tg_op = 'INSERT' then
    announced := array(select distinct pg_catalog.concat('domain ', tenant_id) from after_change limit 1001);
  elsif tg_op = 'DELETE' then
    announced := array(select distinct pg_catalog.concat('domain ', tenant_id) from before_change limit 1001);
  else
    announced := array(
      select pg_catalog.concat('domain ', tenant_id)
      from (select tenant_id from before_change union select tenant_id from after_change) as concerned
      limit 1001
    );
  end if;
  perform partywall.announce(announced);
  return null;
end
$$;

create trigger tenants_announce_insert after insert on partywall.tenants
  referencing new table as after_change for each statement execute function partywall.announce_tenants();
create trigger tenants_announce_update after update on partywall.tenants
  referencing old table as before_change new table as after_change for each statement execute function partywall.announce_tenants();
create trigger tenants_announce_delete after delete on partywall.tenants
  referencing old table as before_change for each statement execute function partywall.announce_tenants();
create trigger tenants_announce_truncate after truncate on partywall.tenants
  for each statement execute function partywall.announce_tenants();

create trigger domains_announce_insert after insert on partywall.domains
  referencing new table as after_change for each statement execute function partywall.announce_domains();
create trigger domains_announce_update after update on partywall.domains
  referencing old table as before_change new table as after_change for each statement execute function partywall.announce_domains();
create trigger domains_announce_delete after delete on partywall.domains
  referencing old table as before_change for each statement execute function partywall.announce_domains();
create trigger domains_announce_truncate after truncate on partywall.domains
  for each statement execute function partywall.announce_domains();
`,
}
