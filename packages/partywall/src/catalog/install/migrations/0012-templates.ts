/** Schemas from which tenants are made. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const templates: CatalogMigration = {
  number: 12,
  name: '0012-templates',
  checksum: '549f25412170ce5fc59029d37207e44f43abd29ea8f985c37e0dd11aeea69693',
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
`,
}
