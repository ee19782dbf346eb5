/** What the files of tenants take. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const files: CatalogMigration = {
  number: 25,
  name: '0025-files',
  checksum: 'aa6d03a89a0e820c658b9e9aee56b8241fa0d93543c0f865485ac84e0d742d01',
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

-- A role that could read or change domains before this migration can do the same here. A function that is dropped at once: behind a pooler,
-- partywall sends no DO with a text that is put together at run time.
create function partywall.let_count_files() returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  held record;
begin
  for held in
    select
      case privilege.grantee when 0 then 'public' else privilege.grantee::pg_catalog.regrole::text end as grantee,
      pg_catalog.string_agg(distinct privilege.privilege_type, ', ') as privileges
    from pg_catalog.pg_class as relation
    cross join pg_catalog.aclexplode(relation.relacl) as privilege
    where relation.oid = 'partywall.domains'::pg_catalog.regclass
      and privilege.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
      and privilege.grantee <> relation.relowner
    group by privilege.grantee
  loop
    execute pg_catalog.format('grant %s on partywall.file_usage, partywall.stored_files, partywall.file_reservations to %s', held.privileges, held.grantee);
  end loop;
end
$$;

select partywall.let_count_files();
drop function partywall.let_count_files();
`,
}
