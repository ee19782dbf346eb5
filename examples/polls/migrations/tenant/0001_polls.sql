create table questions (
  id integer generated always as identity primary key,
  question text not null check (question <> ''),
  created_at timestamptz not null default now()
);

create table choices (
  id integer generated always as identity primary key,
  question_id integer not null references questions (id) on delete cascade,
  choice text not null check (choice <> ''),
  votes integer not null default 0 check (votes >= 0),

  unique (question_id, choice)
);

-- partywall: down

drop table choices;
drop table questions;
