create table users (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  salt bytea not null,
  hash bytea not null
);
