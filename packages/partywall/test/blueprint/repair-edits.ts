/** More edits, of what no application would miss for a while: each is undone by the repairs of its differences. */
export interface RepairEdit {
  readonly edit: string
  /** The first version of PostgreSQL that knows it. */
  readonly since?: number
}

export const otherEdits: readonly RepairEdit[] = [
  { edit: 'drop text search configuration words; drop text search dictionary plain_words' },
  {
    edit: 'alter text search configuration words drop mapping for asciiword; alter text search configuration words alter mapping for word with simple',
  },
  { edit: `alter text search dictionary plain_words (stopwords = 'english')` },
  { edit: 'delete from orders; drop table customers cascade' },
  { edit: 'drop table orders cascade' },
  { edit: 'drop table events cascade' },
  { edit: 'drop table events_2026' },
  { edit: 'drop table base cascade' },
  { edit: 'drop type mood cascade' },
  { edit: 'drop type address cascade' },
  { edit: 'drop domain positive cascade' },
  { edit: 'drop type span' },
  { edit: 'drop sequence numbers' },
  { edit: 'drop sequence orders_id_seq cascade' },
  { edit: 'drop function touch() cascade' },
  { edit: 'drop function add(integer, integer) cascade' },
  { edit: 'drop materialized view totals' },
  { edit: 'drop view open_orders; create table open_orders (id integer)' },
  { edit: 'drop view open_orders; create materialized view open_orders as select id, total from orders' },
  {
    edit: `drop view open_orders; drop function latest(); alter table orders alter column status type varchar(9);
      create view open_orders as select id, total from orders where status <> 'done';
      create function latest() returns orders language sql stable begin atomic select * from orders order by id desc limit 1; end`,
  },
  { edit: 'create view readers as select id from open_orders' },
  { edit: `alter table customers add column more text; create view readers as select more from customers` },
  { edit: "create type size as enum ('s'); alter table customers add column size size default 's'" },
  {
    edit: "create function one() returns integer language sql as 'select 1'; alter table customers alter column score set default one()",
  },
  {
    edit: "create sequence other; alter table orders alter column id set default nextval('other'); alter sequence other owned by orders.id",
  },
  {
    edit: "drop function add(integer, integer) cascade; create function add(x integer, y integer) returns integer language sql as 'select x'",
  },
  { edit: 'drop aggregate total_of (integer); create aggregate total_of (integer) (sfunc = int4larger, stype = integer)' },
  { edit: "drop function latest(); create function latest() returns integer language sql as 'select 1'" },
  { edit: "drop procedure clean; create function clean() returns void language sql as 'select'" },
  { edit: 'drop table child; create table child (id integer, kind text, extra text)' },
  { edit: 'drop statistics orders_related; create statistics orders_related (mcv) on customer_id, total from orders' },
  { edit: 'alter table customers drop constraint customers_pkey cascade, add constraint customers_pkey primary key (id, name)' },
  { edit: 'alter table customers alter column name drop not null' },
  { edit: 'alter table customers alter column id drop identity' },
  { edit: 'alter table events add column more integer' },
  { edit: 'alter table events drop column note' },
  { edit: 'alter table events alter column note type varchar(10)' },
  { edit: 'alter table base drop column kind' },
  { edit: 'create index events_day on events (day)' },
  { edit: 'create text search dictionary words (template = simple)' },
  {
    edit: 'alter default privileges in schema copy grant select on tables to pg_monitor; grant usage on schema copy to pg_monitor',
  },
  { edit: 'revoke execute on function touch() from public; grant execute on function touch() to pg_monitor with grant option' },
  { edit: `alter type mood rename value 'ok' to 'fine'; alter type mood rename value 'sad' to 'bad'` },
  { edit: 'alter table orders alter column "much more" set storage default', since: 16 },
  { edit: 'alter table orders alter column "much more" set storage main' },
  { edit: 'alter table customers alter column email set storage external' },
  { edit: 'drop collation plain; alter table customers alter column note type text collate "POSIX"' },
  { edit: 'alter table events_2026 alter column note set default 1' },
  { edit: 'alter view open_orders set (security_invoker = true)', since: 15 },
  {
    edit: 'alter table customers drop constraint email_unique, add constraint email_unique unique nulls not distinct (email)',
    since: 15,
  },
  { edit: 'alter sequence numbers set unlogged', since: 15 },
  { edit: 'alter table orders alter column doubled set expression as (total * 3)', since: 17 },
  {
    edit: 'alter table orders alter column total set not null, add column v integer generated always as (id) virtual',
    since: 18,
  },
  { edit: 'alter table events_2026 add constraint whole primary key (id)' },
  {
    edit: 'create unique index customers_name on customers (name); alter table customers replica identity using index customers_name',
  },
  { edit: 'create policy strict on orders as restrictive using (status is null); alter table orders drop column if exists none' },
  {
    edit: 'drop policy own_orders on orders; create policy own_orders on orders for update to pg_monitor using (true) with check (true)',
  },
]
