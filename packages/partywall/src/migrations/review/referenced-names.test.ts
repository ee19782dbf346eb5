import { expect, test } from 'vitest'
import { reviewed as review } from '../../../test/support/migrations/review-text.ts'

/** What the tenant owns when the statement under test comes. */
const made = `create function joined(text, text) returns text language sql as 'select $1';
create function less(text, text) returns boolean language sql as 'select true';
create operator <<< (function = less, leftarg = text, rightarg = text);
create table books (id integer);
create type mood as enum ('calm');
create collation mine (locale = 'C');
create operator class mine for type text using btree as function 1 less(text, text);
create text search configuration words (copy = pg_catalog.english);
create text search dictionary terms (template = pg_catalog.simple);
`

test.each([
  'create aggregate all_joined(text) (sfunc = public.joined, stype = text)',
  'create aggregate all_joined(text) (sfunc = public.joined, stype = public.mood, finalfunc = public.joined, sortop = operator(public.<<<))',
  'create operator >>> (function = public.less, leftarg = public.mood, rightarg = text, commutator = operator(public.<<<))',
  'create operator >>> (procedure = public.less, leftarg = text, rightarg = text, restrict = public.less)',
  'alter operator <<< (text, text) set (restrict = public.less)',
  'create type span as range (subtype = public.mood, subtype_diff = public.less, collation = public.mine, subtype_opclass = public.mine)',
  'create type shape (input = public.joined, output = public.joined)',
  'alter type shape set (receive = public.joined)',
  'create collation other from public.mine',
  'create text search configuration other (copy = public.words)',
  'alter text search configuration words add mapping for word with public.terms, simple',
  'alter text search configuration words alter mapping replace simple with public.terms',
  'create operator class other for type public.mood using btree as operator 1 public.<<< (text, text), function 1 public.less(text, text)',
  'alter operator family mine using btree add operator 1 public.<<< (text, text), function 1 public.less(text, text)',
  "create conversion other for 'UTF8' to 'LATIN1' from public.joined",
  'select 1 order by 1 using operator(public.<<<)',
  "select 'a' operator(public.<<<) any (select 'b')",
  "select 'a' operator(public.<<<) all (array['b'])",
  'create table t (a text, exclude using gist (a with operator(public.<<<)))',
  'create table t (a text collate public.mine default public.joined(null, null))',
  'create index on books (id public.mine)',
  'create table t of public.books',
  'create table t (like public.books including all)',
  'create table t partition of public.books for values in (1)',
  "create function f(a public.mood, b public.books) returns setof public.books language sql as 'select 1'",
  "create function f() returns table (a public.mood) language sql as 'select 1'",
  "create function f(a text default public.joined(null, null)) returns text support public.joined language c as 'x'",
  'create trigger t before insert on books for each row execute procedure public.joined()',
  'create constraint trigger t after insert on books from public.books for each row execute procedure public.joined()',
  'create rule r as on insert to public.books do instead select public.joined(null, null)',
  'create policy p on public.books using (public.less(null, null))',
  'create domain d as public.mood check (public.less(value::text, value::text))',
  'alter domain d add check (public.less(null, null))',
  "select (null::public.mood[])[1], cast(null as public.mood), public.mood 'calm'",
  'alter table books attach partition public.books default',
  'alter table books alter column id type public.mood using public.less(null, null)::text::public.mood',
  'alter table books of public.books',
  'alter table books inherit public.books',
  'alter index public.books_idx attach partition public.books_idx',
  'alter function public.joined(text, text) depends on extension x',
  'alter sequence s owned by public.books.id',
  'create statistics st on id, (public.less(null, null)) from public.books',
  "select * from xmltable('/a' passing null columns a public.mood)",
  'select * from json_to_record(null) as x (a public.mood)',
  'select * from rows from (public.joined(null, null) as (a public.mood))',
  'call public.joined(null, null)',
  'select public.books from public.books',
  'select public.books.* from public.books',
  'insert into public.books as b (id) values (1) on conflict do nothing returning public.less(null, null)',
  'lock table public.books',
  'truncate public.books',
  'comment on operator public.<<< (text, text) is null',
  'comment on aggregate public.joined(text) is null',
  'comment on domain public.mood is null',
  'comment on constraint c on domain public.mood is null',
  'comment on constraint c on public.books is null',
  'comment on trigger t on public.books is null',
  'comment on text search dictionary public.terms is null',
  'comment on operator class public.mine using btree is null',
  'alter operator public.<<< (text, text) owner to current_user',
  'alter aggregate public.joined(text) owner to current_user',
  'drop operator public.<<< (text, text)',
  'drop aggregate public.joined(text), public.joined(public.mood)',
])('the review removes "public." wherever a statement names what the tenant owns: %s', (statement) => {
  expect(review(made + statement)).toBe((made + statement).replaceAll('public.', ''))
})
