/** What runs in a new tenant after its schema was made. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const steps: CatalogMigration = {
  number: 13,
  name: '0013-steps',
  checksum: '462ae445176e9280015573a42c9c77712804b79d06bc9f5e9ebc70ece72bc3cf',
  text: String.raw`-- Seeds and hooks of a tenant: what has to run in it, and what has run.

create table partywall.tenant_steps (
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  name text collate "C" not null,
  kind text not null,
  set_name text collate "C",
  place integer not null,
  state text not null default 'pending',
  attempts integer not null default 0,
  started_at timestamptz,
  ended_at timestamptz,
  error text,
  transaction_id xid8,
  primary key (tenant_id, name),

  constraint tenant_steps_kind_is_known check (kind in ('seed', 'hook')),
  constraint tenant_steps_state_is_known check (state in ('pending', 'running', 'done', 'failed'))
);

comment on table partywall.tenant_steps is 'Seeds and hooks that run in a tenant after its schema was made, and seeds that were run in it later.';
comment on column partywall.tenant_steps.set_name is 'The set of seeds that it belongs to; null for those of every new tenant.';
comment on column partywall.tenant_steps.transaction_id is 'The transaction of the last attempt, where that one could not change this row itself.';

-- A role that could create tenants before this migration can still do so. A function that is dropped at once: behind a pooler, partywall sends no DO with
-- a text that is put together at run time.
create function partywall.let_write_steps() returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  writer text;
begin
  for writer in
    select distinct case privilege.grantee when 0 then 'public' else privilege.grantee::pg_catalog.regrole::text end
    from pg_catalog.pg_class as relation
    cross join pg_catalog.aclexplode(relation.relacl) as privilege
    where relation.oid = 'partywall.tenants'::pg_catalog.regclass
      and privilege.privilege_type = 'INSERT'
      and privilege.grantee <> relation.relowner
  loop
    execute pg_catalog.format('grant select, insert, update, delete on partywall.tenant_steps to %s', writer);
  end loop;
end
$$;

select partywall.let_write_steps();
drop function partywall.let_write_steps();
`,
}
