/** What a tenant's name and schema mean, counted. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const generations: CatalogMigration = {
  number: 4,
  name: '0004-generations',
  checksum: '81e18f6627f9ac17dac474961eb905483f78e7c54617b8158ee08d84d2fa1fe0',
  text: String.raw`-- The generation of a tenant, and the revision of its row: one sequence for both and for all tenants, so that a number never comes again,
-- also not for a new tenant with the name of one that was deleted.

create sequence partywall.revisions as bigint;

alter table partywall.tenants
  add column generation bigint not null default 1,
  add column revision bigint not null default 1;

update partywall.tenants
set generation = pg_catalog.nextval('partywall.revisions'),
    revision = pg_catalog.nextval('partywall.revisions');

comment on column partywall.tenants.generation is 'Grows when the name or the schema of the tenant comes to mean something else.';
comment on column partywall.tenants.revision is 'Grows with each change of the row.';

-- With the rights of the owner, so that a role that may change tenants needs none on the sequence.
create function partywall.count_change() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
begin
  new.revision := pg_catalog.nextval('partywall.revisions');
  if tg_op = 'INSERT' then
    new.generation := new.revision;
  elsif (new.id, new.schema, new.placement) is distinct from (old.id, old.schema, old.placement) then
    new.generation := new.revision;
  else
    new.generation := old.generation;
  end if;
  return new;
end
$$;

create trigger tenants_count_change
  before insert or update on partywall.tenants
  for each row execute function partywall.count_change();
`,
}
