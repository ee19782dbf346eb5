/** Who did what. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const audit: CatalogMigration = {
  number: 6,
  name: '0006-audit',
  checksum: '8518fde3c653afddfc43b9c93164e4896029bfda6f5496ba84e346556aa8e564',
  text: String.raw`-- Who did what, when and from where. An entry stays when its tenant is deleted, so there is no foreign key.

create table partywall.audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default pg_catalog.now(),
  actor text not null default session_user,
  action text collate "C" not null,
  tenant_id uuid,
  object text,
  origin text not null,
  details jsonb not null default '{}',

  constraint audit_actor_is_bounded check (pg_catalog.char_length(actor) between 1 and 200),
  constraint audit_action_is_a_name check (action ~ '^[a-z]+(\.[a-z_]+)+$' and pg_catalog.octet_length(action) <= 100),
  constraint audit_object_is_bounded check (pg_catalog.octet_length(object) <= 1000),
  constraint audit_origin_is_bounded check (pg_catalog.octet_length(origin) <= 1000),
  -- partywall writes 4 kB at most; the server adds a space behind each colon and comma.
  constraint audit_details_is_bounded check (
    pg_catalog.jsonb_typeof(details) = 'object'
    and pg_catalog.octet_length(details::text) <= 8192
  )
);

create index audit_tenant on partywall.audit (tenant_id, at);

comment on table partywall.audit is 'Who did what, when and from where. Entries are added, and never changed.';

-- For the owner, too: an update by mistake is refused, and to remove old entries the owner must disable the trigger, which is no mistake.
create function partywall.keep_audit() returns trigger
  language plpgsql set search_path = pg_catalog
as $$
begin
  raise exception 'entries of partywall.audit cannot be changed or removed: % was refused', tg_op
    using errcode = 'insufficient_privilege',
      hint = 'To remove old entries, the owner of the table disables its trigger audit_keep for the transaction.';
end
$$;

create trigger audit_keep
  before update or delete or truncate on partywall.audit
  for each statement execute function partywall.keep_audit();

-- A role that could change tenants before this migration can still do so, because each change now adds an entry.
-- A function that is dropped at once: behind a pooler, partywall sends no DO with a text that is put together at run time.
create function partywall.let_write_audit() returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  writer text;
begin
  for writer in
    select distinct case privilege.grantee when 0 then 'public' else privilege.grantee::pg_catalog.regrole::text end
    from pg_catalog.pg_class as relation
    cross join pg_catalog.aclexplode(relation.relacl) as privilege
    where relation.oid in ('partywall.tenants'::pg_catalog.regclass, 'partywall.domains'::pg_catalog.regclass)
      and privilege.privilege_type in ('INSERT', 'UPDATE', 'DELETE')
      and privilege.grantee <> relation.relowner
  loop
    execute pg_catalog.format('grant insert (actor, action, tenant_id, object, origin, details) on partywall.audit to %s', writer);
  end loop;
end
$$;

select partywall.let_write_audit();
drop function partywall.let_write_audit();

-- The first query of tenants.create asks for the newest tenants of a kind.
create index tenants_kind on partywall.tenants (kind, created_at);
`,
}
