-- The rooms of the CRM. No table has a column for the tenant: the schema is the tenant's own.
create table customers (
  id int generated always as identity primary key,
  name text not null,
  contact text,
  email text,
  phone text,
  city text,
  country text,
  status text not null default 'active' check (status in ('active', 'inactive')),
  owner_id text references "user" (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  search tsvector not null generated always as (to_tsvector('simple'::regconfig, regexp_replace(coalesce(name, '') || ' ' || coalesce(contact, '') || ' ' || coalesce(email, '') || ' ' || coalesce(city, ''), '[^[:alnum:]]+', ' ', 'g'))) stored
);
create index customers_search on customers using gin (search);
create index customers_name on customers (lower(name), id);
create index customers_created on customers (created_at);

create table leads (
  id int generated always as identity primary key,
  title text not null,
  stage text not null default 'new' check (stage in ('new', 'contacted', 'qualified', 'proposal', 'won', 'lost')),
  -- Between two neighbours there is always room for a third; a column is numbered again when its numbers come too close.
  position double precision not null,
  value_cents bigint not null default 0 check (value_cents >= 0),
  customer_id int references customers (id) on delete set null,
  owner_id text references "user" (id) on delete set null,
  expected_on date,
  closed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  search tsvector not null generated always as (to_tsvector('simple'::regconfig, regexp_replace(coalesce(title, ''), '[^[:alnum:]]+', ' ', 'g'))) stored
);
create index leads_search on leads using gin (search);
create index leads_board on leads (stage, position, id);
create index leads_customer on leads (customer_id);

create table projects (
  id int generated always as identity primary key,
  name text not null,
  status text not null default 'planned' check (status in ('planned', 'active', 'done', 'cancelled')),
  customer_id int references customers (id) on delete set null,
  budget_cents bigint not null default 0 check (budget_cents >= 0),
  starts_on date,
  ends_on date,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  search tsvector not null generated always as (to_tsvector('simple'::regconfig, regexp_replace(coalesce(name, ''), '[^[:alnum:]]+', ' ', 'g'))) stored
);
create index projects_search on projects using gin (search);
create index projects_customer on projects (customer_id);

create table tasks (
  id int generated always as identity primary key,
  title text not null,
  done_at timestamptz,
  due_on date,
  assignee_id text references "user" (id) on delete set null,
  customer_id int references customers (id) on delete cascade,
  lead_id int references leads (id) on delete cascade,
  project_id int references projects (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  search tsvector not null generated always as (to_tsvector('simple'::regconfig, regexp_replace(coalesce(title, ''), '[^[:alnum:]]+', ' ', 'g'))) stored
);
create index tasks_search on tasks using gin (search);
create index tasks_open on tasks (due_on, id) where done_at is null;
create index tasks_customer on tasks (customer_id);
create index tasks_lead on tasks (lead_id);
create index tasks_project on tasks (project_id);

create table notes (
  id int generated always as identity primary key,
  text text not null,
  author_id text references "user" (id) on delete set null,
  customer_id int references customers (id) on delete cascade,
  lead_id int references leads (id) on delete cascade,
  project_id int references projects (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  search tsvector not null generated always as (to_tsvector('simple'::regconfig, regexp_replace(coalesce(text, ''), '[^[:alnum:]]+', ' ', 'g'))) stored
);
create index notes_search on notes using gin (search);
create index notes_customer on notes (customer_id);
create index notes_lead on notes (lead_id);
create index notes_project on notes (project_id);

create table activity (
  id int generated always as identity primary key,
  at timestamptz not null default now(),
  user_id text references "user" (id) on delete set null,
  action text not null,
  kind text not null,
  object_id int,
  title text not null
);
create index activity_object on activity (kind, object_id);

-- How many records there are, for the limit of the plan. The row is locked until the end of a transaction that adds some, so two of them cannot pass the limit together.
create table record_count (total int not null);
insert into record_count (total) values (0);

create function count_records() returns trigger language plpgsql as $$
begin
  update record_count set total = total + tg_argv[0]::int * (select count(*) from added);
  return null;
end
$$;

create trigger count_added after insert on customers referencing new table as added for each statement execute function count_records('1');
create trigger count_removed after delete on customers referencing old table as added for each statement execute function count_records('-1');
create trigger count_added after insert on leads referencing new table as added for each statement execute function count_records('1');
create trigger count_removed after delete on leads referencing old table as added for each statement execute function count_records('-1');
create trigger count_added after insert on projects referencing new table as added for each statement execute function count_records('1');
create trigger count_removed after delete on projects referencing old table as added for each statement execute function count_records('-1');
create trigger count_added after insert on tasks referencing new table as added for each statement execute function count_records('1');
create trigger count_removed after delete on tasks referencing old table as added for each statement execute function count_records('-1');
create trigger count_added after insert on notes referencing new table as added for each statement execute function count_records('1');
create trigger count_removed after delete on notes referencing old table as added for each statement execute function count_records('-1');

-- partywall: down
drop table record_count;
drop table activity;
drop table notes;
drop table tasks;
drop table projects;
drop table leads;
drop table customers;
drop function count_records();
