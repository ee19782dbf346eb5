/** Host names that lead to a tenant. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const domains: CatalogMigration = {
  number: 2,
  name: '0002-domains',
  checksum: '997c4f581344a50c11dd980526991efa37ef7ff32a4a7a585a036434ecd5c1b0',
  text: String.raw`-- Host names that lead to a tenant.

create table partywall.domains (
  domain text collate "C" primary key,
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  is_primary boolean not null default false,
  created_at timestamptz not null default now(),

  constraint domains_domain_is_normal check (
    domain = lower(domain)
    and domain ~ '^[!-~]+$'
    and domain !~ '\.$'
    and octet_length(domain) <= 253
  )
);

-- At most one primary domain per tenant, also for rows that other programs write.
create unique index domains_one_primary on partywall.domains (tenant_id) where is_primary;

create index domains_tenant on partywall.domains (tenant_id);

comment on table partywall.domains is 'Host names that lead to a tenant; a tenant with domains has exactly one that is primary.';
`,
}
