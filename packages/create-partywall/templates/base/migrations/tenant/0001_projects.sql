-- Runs once in the schema of each tenant. No schema in front of the name, and no tenant column.
create table projects (
  id integer generated always as identity primary key,
  title text not null
);
