/** Schemas from which tenants are made. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const templates: CatalogMigration = {
  number: 12,
  name: '0012-templates',
  checksum: '472aa3e39a67ec5248d9f44e0e0bd416230bdecf9411f687bc3d148b64f1111d',
  text: String.raw`-- Templates: schemas with the structure of new tenants. They are migrated with the tenants of their kind, and are no tenants.

create table partywall.templates (
  id uuid primary key default gen_random_uuid(),
  kind text collate "C" not null,
  name text collate "C" unique,
  schema text collate "C" not null unique,
  digest text collate "C",
  fingerprint text collate "C",
  reader text collate "C",
  contents json,
  unfit text,
  created_at timestamptz not null default now(),

  constraint templates_schema_is_valid check (schema ~ '^partywall_template_' and octet_length(schema) <= 63)
);

-- One template of each kind has no name: new tenants are made from it.
create unique index templates_of_kind on partywall.templates (kind) where name is null;

comment on table partywall.templates is 'Schemas from which tenants are made. A template without a name is that of its kind.';
comment on column partywall.templates.digest is 'The history of migrations with which the template was examined. With another one it is not used.';
comment on column partywall.templates.fingerprint is 'The structure that it had then.';
comment on column partywall.templates.reader is 'What read that structure; another version may see more.';
comment on column partywall.templates.contents is 'The tables whose rows a new tenant gets, and the sequences that have moved.';
comment on column partywall.templates.unfit is 'Why no tenant is made from it.';

alter table partywall.tenants
  add constraint tenants_schema_is_no_template check (schema !~ '^partywall_template_');

-- A role that could read tenants before this migration asks for templates when it reads the state of the fleet.
-- A function that is dropped at once: behind a pooler, partywall sends no DO with a text that is put together at run time.
create function partywall.let_read_templates() returns void
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
    execute pg_catalog.format('grant select on partywall.templates to %s', reader);
  end loop;
end
$$;

select partywall.let_read_templates();
drop function partywall.let_read_templates();
`,
}
