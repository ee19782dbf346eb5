-- Host names that lead to a tenant.

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

-- At most one primary domain per tenant, whoever writes.
create unique index domains_one_primary on partywall.domains (tenant_id) where is_primary;

create index domains_tenant on partywall.domains (tenant_id);

comment on table partywall.domains is 'Host names that lead to a tenant; a tenant with domains has exactly one that is primary.';
