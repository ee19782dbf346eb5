create table notes (
  id integer generated always as identity primary key,
  text text not null check (length(text) between 1 and 1000)
);

-- partywall: down
drop table notes;
