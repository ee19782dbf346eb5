/** Keys that sign the tokens of tenants. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const signingKeys: CatalogMigration = {
  number: 18,
  name: '0018-signing-keys',
  checksum: '4063a40d6496122be4bfe36f5160cacaac5d78cb62dd05dd7bff21fe52e46422',
  text: String.raw`-- Which keys sign the tokens of a tenant. No key is stored: each is derived from a secret of the application, the id of the tenant and the name of the key.

create table partywall.signing_keys (
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  kid text collate "C" not null,
  created_at timestamptz not null default pg_catalog.now(),
  valid_until timestamptz,
  primary key (tenant_id, kid),

  constraint signing_keys_kid_is_bounded check (kid ~ '^[A-Za-z0-9_-]{8}[.][A-Za-z0-9_-]{16}$')
);

comment on table partywall.signing_keys is 'The names of the keys that sign tokens of tenants. The keys themselves are stored nowhere.';
comment on column partywall.signing_keys.valid_until is 'From then on its tokens are refused. Null: it signs.';

-- A role that could read or change domains before this migration can do the same here. A function that is dropped at once: behind a pooler,
-- partywall sends no DO with a text that is put together at run time.
create function partywall.let_use_signing_keys() returns void
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
    execute pg_catalog.format('grant %s on partywall.signing_keys to %s', held.privileges, held.grantee);
  end loop;
end
$$;

select partywall.let_use_signing_keys();
drop function partywall.let_use_signing_keys();
`,
}
