/** Domains that customers claim. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const domainClaims: CatalogMigration = {
  number: 17,
  name: '0017-domain-claims',
  checksum: '4445f0a2156df69b5141f343dc85680baad46c36892d1a7e7468aedc7bf476cf',
  text: String.raw`-- Host names that customers claim and prove by a TXT record. A claim is proven while the domain is among those of its tenant: partywall.domains says so.

create table partywall.domain_claims (
  domain text collate "C" not null,
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  token text collate "C" not null,
  created_at timestamptz not null default pg_catalog.now(),
  checked_at timestamptz,
  missing_since timestamptz,
  primary key (domain, tenant_id),

  constraint domain_claims_domain_is_bounded check (pg_catalog.octet_length(domain) between 1 and 253),
  constraint domain_claims_token_is_random check (token ~ '^[A-Za-z0-9_-]{43}$')
);

create index domain_claims_tenant on partywall.domain_claims (tenant_id, domain);

comment on table partywall.domain_claims is 'Domains that tenants claim. Several may claim one domain; the first that proves it gets it.';
comment on column partywall.domain_claims.token is 'What the TXT record of the domain must hold. It is public there, and proves nothing for another tenant.';
comment on column partywall.domain_claims.missing_since is 'Since when the record of a proven domain was not found. Null: the last look found it.';

-- A role that could read or change domains before this migration can do the same with their claims. A function that is dropped at once: behind a pooler,
-- partywall sends no DO with a text that is put together at run time.
create function partywall.let_use_domain_claims() returns void
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
    execute pg_catalog.format('grant %s on partywall.domain_claims to %s', held.privileges, held.grantee);
  end loop;
end
$$;

select partywall.let_use_domain_claims();
drop function partywall.let_use_domain_claims();
`,
}
