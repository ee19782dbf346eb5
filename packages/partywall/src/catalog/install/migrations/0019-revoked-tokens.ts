/** Tokens that are refused before they expire. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const revokedTokens: CatalogMigration = {
  number: 19,
  name: '0019-revoked-tokens',
  checksum: '402d998cf2e4184c6a3ee88bc4806cef29b1754ebcbf9578a11630d72fbbb528',
  text: String.raw`-- Tokens, and families of tokens, that are refused although they are not over yet. A row is of no use after its time, and is deleted by later ones.

create table partywall.revoked_tokens (
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  token_id text collate "C" not null,
  expires_at timestamptz not null,
  primary key (tenant_id, token_id),

  constraint revoked_tokens_token_id_is_bounded check (pg_catalog.octet_length(token_id) between 1 and 64)
);

create index revoked_tokens_expires_at on partywall.revoked_tokens (expires_at);

comment on table partywall.revoked_tokens is 'The ids of tokens that were used or revoked, and of families of tokens that were revoked.';

-- A role that could read or change domains before this migration can do the same here. A function that is dropped at once: behind a pooler,
-- partywall sends no DO with a text that is put together at run time.
create function partywall.let_use_revoked_tokens() returns void
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
    execute pg_catalog.format('grant %s on partywall.revoked_tokens to %s', held.privileges, held.grantee);
  end loop;
end
$$;

select partywall.let_use_revoked_tokens();
drop function partywall.let_use_revoked_tokens();
`,
}
