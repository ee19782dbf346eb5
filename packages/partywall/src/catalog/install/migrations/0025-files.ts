/** What the files of tenants take. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'
import { rightsOfDomains } from './rights-of-domains.ts'

export const files: CatalogMigration = {
  number: 25,
  name: '0025-files',
  checksum: '580f46da4c85edbccfae6e4988ea7d38fed930870c2d8e4619becb84aceaf49d',
  text: String.raw`-- The files of tenants, where a quota is configured: what each file takes, what all of them take, and what running uploads have reserved. The files themselves are elsewhere.

create table partywall.file_usage (
  tenant_id uuid primary key references partywall.tenants (id) on delete cascade,
  bytes bigint not null default 0,
  files bigint not null default 0
);

create table partywall.stored_files (
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  path text collate "C" not null,
  bytes bigint not null,
  primary key (tenant_id, path),

  constraint stored_files_path_is_bounded check (pg_catalog.octet_length(path) between 1 and 1000),
  constraint stored_files_bytes_is_a_size check (bytes >= 0)
);

create table partywall.file_reservations (
  id uuid primary key,
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  path text collate "C" not null,
  bytes bigint not null,
  expires_at timestamptz not null,

  constraint file_reservations_path_is_bounded check (pg_catalog.octet_length(path) between 1 and 1000),
  constraint file_reservations_bytes_is_a_size check (bytes >= 0)
);

create index file_reservations_tenant on partywall.file_reservations (tenant_id);

comment on table partywall.file_usage is 'What the files of each tenant take together.';
comment on table partywall.stored_files is 'What each file of a tenant takes.';
comment on table partywall.file_reservations is 'Room for changes of files that are not complete yet. One that is over belongs to a process that was killed: the store is asked what became of the file.';

${rightsOfDomains('files', ['file_usage', 'stored_files', 'file_reservations'])}`,
}
