/** Schemas that are ready for a new tenant. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const warm: CatalogMigration = {
  number: 14,
  name: '0014-warm',
  checksum: '6ec9cb47caeca73e6094afdd733de2b99b33558b5ea481adb4e7645c28d968dd',
  text: String.raw`-- Schemas that are ready for a new tenant. They are migrated with the tenants of their kind, and are no tenants.

create table partywall.ready_schemas (
  id uuid primary key,
  kind text collate "C" not null,
  schema text collate "C" not null unique,
  oid oid not null,
  digest text collate "C" not null,
  reader text collate "C" not null,
  seal text collate "C" not null,
  contents json not null,
  created_at timestamptz not null default now(),

  constraint ready_schemas_schema_is_valid check (schema ~ '^partywall_ready_[0-9a-f]{32}$')
);

create index ready_schemas_kind on partywall.ready_schemas (kind, digest, created_at);

comment on table partywall.ready_schemas is 'Schemas that are ready for a new tenant, which gets one by a rename.';
comment on column partywall.ready_schemas.oid is 'The object id of the schema: another schema of this name is not used.';
comment on column partywall.ready_schemas.digest is 'The history of migrations with which it was sealed. With another one it is not used.';
comment on column partywall.ready_schemas.reader is 'What has read the seal; another version may see more.';
comment on column partywall.ready_schemas.seal is 'A hash of all that it held then: a schema that was changed since is not used.';
comment on column partywall.ready_schemas.contents is 'What the seal was read from, and whether functions have the name of the schema in their search path.';

alter table partywall.tenants
  add constraint tenants_schema_is_not_ready check (schema !~ '^partywall_ready_');

-- A role that could read tenants before this migration can read these, too. A function that is dropped at once: behind a pooler, partywall sends no DO
-- with a text that is put together at run time.
create function partywall.let_read_ready_schemas() returns void
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
    execute pg_catalog.format('grant select on partywall.ready_schemas to %s', reader);
  end loop;
end
$$;

select partywall.let_read_ready_schemas();
drop function partywall.let_read_ready_schemas();
`,
}
