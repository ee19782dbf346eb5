/** What tenants should look like. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const blueprints: CatalogMigration = {
  number: 11,
  name: '0011-blueprints',
  checksum: 'cb4c5cd260af0e569dcaedb1becd446c44c854d7faceb59a4540a8aee00021e3',
  text: String.raw`-- What a tenant should look like is found by applying its migrations in a schema that is rolled back. It is kept here, so that it is found once, and so
-- that a process that has not the files of a tenant's history still knows it.

create table partywall.blueprints (
  kind text collate "C" not null,
  digest text collate "C" not null,
  server_major integer not null,
  reader text collate "C" not null,
  surroundings text collate "C" not null,
  fingerprint text collate "C" not null,
  blueprint json not null,
  built_at timestamptz not null default now(),
  primary key (kind, digest, server_major)
);

comment on table partywall.blueprints is 'The structure of a tenant of this kind that has the history of migrations with this digest.';
comment on column partywall.blueprints.reader is 'What reads a structure; another version of it may see more.';
comment on column partywall.blueprints.surroundings is 'What else a structure depends on: the schemas behind that of the tenant, and what is in them.';
`,
}
