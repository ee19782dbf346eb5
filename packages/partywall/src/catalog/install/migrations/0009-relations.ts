/** What the migrations of each kind of tenants made. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const relations: CatalogMigration = {
  number: 9,
  name: '0009-relations',
  checksum: 'ba2fdbfbf3d5ee6bd47a5953a814cd0194904cbcb81e889444240456c288605f',
  text: String.raw`-- A tenant whose table was dropped by hand would use a shared table of this name. What it should have is read here, so that it is found where no
-- other tenant has the table any more.

create table partywall.relations (
  kind text collate "C" not null,
  digest text collate "C" not null,
  names text[] not null,
  primary key (kind, digest)
);

comment on table partywall.relations is 'The tables, views and sequences of a tenant of this kind that has the history of migrations with this digest.';

-- A role that could read tenants before this migration asks for these names when it enters one.
-- A function that is dropped at once: behind a pooler, partywall sends no DO with a text that is put together at run time.
create function partywall.let_read_relations() returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  reader text;
begin
  for reader in
    select distinct case privilege.grantee when 0 then 'public' else privilege.grantee::pg_catalog.regrole::text end
    from pg_catalog.pg_class as relation
    cross join pg_catalog.aclexplode(relation.relacl) as privilege
    where relation.oid = 'partywall.tenants'::pg_catalog.regclass
      and privilege.privilege_type = 'SELECT'
      and privilege.grantee <> relation.relowner
  loop
    execute pg_catalog.format('grant select on partywall.relations to %s', reader);
  end loop;
end
$$;

select partywall.let_read_relations();
drop function partywall.let_read_relations();
`,
}
