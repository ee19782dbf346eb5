/** The register of tenants, and the list of the catalog migrations that are installed. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const tenants: CatalogMigration = {
  number: 1,
  name: '0001-tenants',
  checksum: '961610ba48b11a48e69dd0ede5e0694e033c95dd313a23ed6129bd6a43d1ed8e',
  text: String.raw`-- The register of tenants. Runs inside the schema's own transaction, with every name qualified.

create table partywall.migrations (
  number integer primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now()
);

comment on table partywall.migrations is 'Which versions of partywall''s own tables are installed here.';

-- Collation "C": names sort by code unit, and [a-z] means these 26 letters on every server.
create table partywall.tenants (
  id uuid primary key default gen_random_uuid(),
  schema text collate "C" not null unique,
  name text not null,
  kind text not null default 'default',
  status text not null default 'active',
  placement text not null default 'default',
  attributes jsonb not null default '{}',
  created_at timestamptz not null default now(),

  -- The same rules as schemaNameProblem() in identifier.ts, for rows that other programs write.
  constraint tenants_schema_is_valid check (
    schema ~ '^[a-z_][a-z0-9_-]*$'
    and octet_length(schema) <= 63
    and schema !~ '^pg_'
    and schema not in ('information_schema', 'public', 'partywall', 'shared')
    and schema !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
  ),
  constraint tenants_name_is_not_empty check (name <> ''),
  constraint tenants_status_is_known check (status in ('active', 'suspended', 'maintenance', 'archived')),
  constraint tenants_attributes_is_object check (jsonb_typeof(attributes) = 'object')
);

comment on table partywall.tenants is 'One row per tenant: a customer and its schema.';
`,
}
