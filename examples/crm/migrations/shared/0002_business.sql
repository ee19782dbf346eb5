-- What the business has once, for all tenants: what it sells, who has bought it, and who is on the way in.
create table plans (
  id text primary key,
  position int not null,
  name text not null,
  description text not null,
  price_cents int not null check (price_cents >= 0),
  currency text not null,
  -- Null is no limit.
  members int,
  records int,
  file_bytes bigint
);

insert into plans (id, position, name, description, price_cents, currency, members, records, file_bytes)
values
  ('starter', 1, 'Starter', 'For a team that begins.', 1900, 'EUR', 3, 5000, 104857600),
  ('growth', 2, 'Growth', 'For a team that sells every day.', 7900, 'EUR', 20, 100000, 5368709120),
  ('scale', 3, 'Scale', 'For a company with many teams.', 29900, 'EUR', null, null, 107374182400);

create table subscriptions (
  tenant_id uuid primary key references partywall.tenants (id) on delete cascade,
  plan text not null references plans (id),
  status text not null check (status in ('trial', 'active', 'overdue', 'ended')),
  trial_ends_at timestamptz,
  paid_until timestamptz,
  changed_at timestamptz not null default now()
);

-- Each attempt is a row, which limits how many one address may make; the row of a success lets its browser enter once.
create table sign_ups (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  client text not null,
  tenant_id uuid references partywall.tenants (id) on delete cascade,
  user_id text,
  entry_hash text unique,
  entry_expires_at timestamptz
);
create index sign_ups_client on sign_ups (client, at);
create index sign_ups_tenant on sign_ups (tenant_id);

-- A provider sends an event again until it is answered: each counts once.
create table billing_events (
  id text primary key,
  at timestamptz not null default now()
);

-- The fake provider's own table. A real provider has it elsewhere.
create table fake_checkouts (
  id uuid primary key,
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  plan text not null references plans (id),
  return_url text not null,
  expires_at timestamptz not null
);
create index fake_checkouts_tenant on fake_checkouts (tenant_id);

-- partywall: down
drop table fake_checkouts;
drop table billing_events;
drop table sign_ups;
drop table subscriptions;
drop table plans;
