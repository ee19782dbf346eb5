/** The states of a tenant's life. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const life: CatalogMigration = {
  number: 10,
  name: '0010-life',
  checksum: 'd86ae2c05dd34382f8f0c82c58c6a02f77139e7b9be582118a45f21d76edce07',
  text: String.raw`-- A tenant's life: what is not complete yet, expires, is archived, or is being deleted.

alter table partywall.tenants
  add column expires_at timestamptz,
  add column archived_at timestamptz,
  add column purge_at timestamptz,
  add column archived_schema text collate "C",
  add column archived_domains text[],
  add column adopted boolean not null default false,
  drop constraint tenants_status_is_known,
  add constraint tenants_status_is_known check (
    status in ('pending', 'provisioning', 'active', 'suspended', 'maintenance', 'archived', 'deleting', 'failed')
  ),
  drop constraint tenants_schema_is_valid,
  -- The same rules as schemaNameProblem() in identifier.ts, for rows that other programs write. A schema that was adopted keeps its name.
  add constraint tenants_schema_is_valid check (
    (schema ~ '^[a-z_][a-z0-9_-]*$' or (adopted and schema <> ''))
    and octet_length(schema) <= 63
    and schema !~ '^pg_'
    and schema not in ('information_schema', 'public', 'partywall', 'shared')
    and schema !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
    and (schema !~ '^partywall_archived_' or schema = 'partywall_archived_' || pg_catalog.replace(id::text, '-', ''))
  );

comment on column partywall.tenants.expires_at is 'From then on a purge archives or deletes the tenant.';
comment on column partywall.tenants.archived_schema is 'The name that the schema had before the tenant was archived or its deletion began.';
comment on column partywall.tenants.archived_domains is 'The domains that were freed then, the primary one first.';
comment on column partywall.tenants.adopted is 'The schema was made by another program, so its name may have other characters.';

create index tenants_archived_schema on partywall.tenants (archived_schema) where archived_schema is not null;

-- Names that a tenant had. A transaction that began before may still mean that tenant by the name, so who takes it waits for such transactions.
create table partywall.freed_schemas (
  schema text collate "C" primary key,
  freed_at timestamptz not null default pg_catalog.clock_timestamp()
);

comment on table partywall.freed_schemas is 'Names of schemas that a tenant had, and that no tenant has taken since.';
`,
}
