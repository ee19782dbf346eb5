/** Users that belong to tenants. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const members: CatalogMigration = {
  number: 15,
  name: '0015-members',
  checksum: 'ecd94086d7c1ad25551de6211bc5c517668522228f7b6b6a3f8ae1d0a6c6a72a',
  text: String.raw`-- Which users belong to which tenants. A user is known by the id that the application gives it; the accounts are elsewhere.

create table partywall.members (
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  user_id text collate "C" not null,
  role text collate "C" not null,
  created_at timestamptz not null default pg_catalog.now(),
  primary key (tenant_id, user_id),

  constraint members_user_id_is_plain check (pg_catalog.char_length(user_id) between 1 and 255 and user_id !~ '[\u0001-\u001f\u007f]'),
  constraint members_role_is_a_name check (role ~ '^[a-z][a-z0-9_-]*$' and pg_catalog.octet_length(role) <= 63)
);

create index members_user on partywall.members (user_id, tenant_id);

comment on table partywall.members is 'One row for each user of each tenant. A tenant that had an owner keeps one.';

create table partywall.member_roles (
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  name text collate "C" not null,
  permissions text[] collate "C" not null,
  created_at timestamptz not null default pg_catalog.now(),
  primary key (tenant_id, name),

  constraint member_roles_name_is_a_name check (name ~ '^[a-z][a-z0-9_-]*$' and pg_catalog.octet_length(name) <= 63),
  constraint member_roles_permissions_are_bounded check (pg_catalog.cardinality(permissions) <= 200)
);

comment on table partywall.member_roles is 'Roles that a tenant has defined for its own members.';

-- Of a token only the hash is stored: who reads this table cannot accept an invitation.
create table partywall.invitations (
  id uuid primary key default pg_catalog.gen_random_uuid(),
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  token_hash bytea not null unique,
  email text not null,
  role text collate "C" not null,
  created_at timestamptz not null default pg_catalog.now(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by text collate "C",
  revoked_at timestamptz,

  constraint invitations_hash_is_sha256 check (pg_catalog.octet_length(token_hash) = 32),
  constraint invitations_email_is_bounded check (pg_catalog.char_length(email) between 3 and 320)
);

create index invitations_tenant on partywall.invitations (tenant_id, created_at, id);

comment on table partywall.invitations is 'Invitations of users to tenants. Each may be accepted once, until it expires or is revoked.';

create table partywall.member_email_domains (
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  domain text collate "C" not null,
  role text collate "C" not null,
  created_at timestamptz not null default pg_catalog.now(),
  primary key (tenant_id, domain)
);

comment on table partywall.member_email_domains is 'Domains of verified e-mail addresses with which a user may join a tenant without an invitation.';

-- With the rights of the owner, as the announcements of tenants: members <id of the tenant>.
create function partywall.announce_members() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
declare
  announced text[];
begin
  if tg_op = 'TRUNCATE' then
    announced := array['all'];
  elsif tg_op = 'INSERT' then
    announced := array(select distinct pg_catalog.concat('members ', tenant_id) from after_change limit 1001);
  elsif tg_op = 'DELETE' then
    announced := array(select distinct pg_catalog.concat('members ', tenant_id) from before_change limit 1001);
  else
    announced := array(
      select pg_catalog.concat('members ', tenant_id)
      from (select tenant_id from before_change union select tenant_id from after_change) as concerned
      limit 1001
    );
  end if;
  perform partywall.announce(announced);
  return null;
end
$$;

create trigger members_announce_insert after insert on partywall.members
  referencing new table as after_change for each statement execute function partywall.announce_members();
create trigger members_announce_update after update on partywall.members
  referencing old table as before_change new table as after_change for each statement execute function partywall.announce_members();
create trigger members_announce_delete after delete on partywall.members
  referencing old table as before_change for each statement execute function partywall.announce_members();
create trigger members_announce_truncate after truncate on partywall.members
  for each statement execute function partywall.announce_members();

create trigger member_roles_announce_insert after insert on partywall.member_roles
  referencing new table as after_change for each statement execute function partywall.announce_members();
create trigger member_roles_announce_update after update on partywall.member_roles
  referencing old table as before_change new table as after_change for each statement execute function partywall.announce_members();
create trigger member_roles_announce_delete after delete on partywall.member_roles
  referencing old table as before_change for each statement execute function partywall.announce_members();
create trigger member_roles_announce_truncate after truncate on partywall.member_roles
  for each statement execute function partywall.announce_members();

-- A role that could read or change tenants before this migration can do the same with their members. A function that is dropped at once: behind a pooler,
-- partywall sends no DO with a text that is put together at run time.
create function partywall.let_use_members() returns void
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
    where relation.oid = 'partywall.tenants'::pg_catalog.regclass
      and privilege.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
      and privilege.grantee <> relation.relowner
    group by privilege.grantee
  loop
    execute pg_catalog.format(
      'grant %s on partywall.members, partywall.member_roles, partywall.invitations, partywall.member_email_domains to %s',
      held.privileges,
      held.grantee
    );
  end loop;
end
$$;

select partywall.let_use_members();
drop function partywall.let_use_members();
`,
}
