-- The bytes of a file are in the store of files, below the folder of the tenant.
create table files (
  id int generated always as identity primary key,
  name text not null,
  stored_as text not null unique,
  size bigint not null,
  content_type text not null,
  customer_id int references customers (id) on delete cascade,
  lead_id int references leads (id) on delete cascade,
  project_id int references projects (id) on delete cascade,
  uploaded_by_id text references "user" (id) on delete set null,
  created_at timestamptz not null default now(),
  search tsvector not null generated always as (to_tsvector('simple'::regconfig, regexp_replace(coalesce(name, ''), '[^[:alnum:]]+', ' ', 'g'))) stored
);
create index files_search on files using gin (search);
create index files_customer on files (customer_id);
create index files_lead on files (lead_id);
create index files_project on files (project_id);

create table imports (
  id int generated always as identity primary key,
  file_name text not null,
  stored_as text not null,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed')),
  total int,
  processed int not null default 0,
  created int not null default 0,
  refused int not null default 0,
  reason text,
  started_by_id text references "user" (id) on delete set null,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);

create table import_errors (
  import_id int not null references imports (id) on delete cascade,
  line int not null,
  message text not null,
  primary key (import_id, line)
);

-- The token of an invitation is in the mail alone. This says to whom it was sent, for the page where it is accepted.
create table invited (
  token_hash text primary key,
  invitation_id uuid not null unique,
  invited_by_id text references "user" (id) on delete set null
);

-- A browser that signed up enters once. The table is the tenant's own: a token of another tenant is not in it.
create table entrances (
  token_hash text primary key,
  user_id text not null references "user" (id) on delete cascade,
  challenge text not null,
  expires_at timestamptz not null
);

-- partywall: down
drop table entrances;
drop table invited;
drop table import_errors;
drop table imports;
drop table files;
