import { describe, expect, test } from 'vitest'
import { reviewed as review, type Given } from '../../../test/support/migrations/review-text.ts'
import { OwnedObjects } from './owned-objects.ts'
import { namesOfPublic } from './public-names.ts'

describe('the review removes "public." in front of what belongs to the tenant', () => {
  test.each([
    [`create type "public"."mood" as enum ('calm')`, `create type "mood" as enum ('calm')`],
    ['create table public.fresh (id int)', 'create table fresh (id int)'],
    ['create table if not exists public.fresh (id int)', 'create table if not exists fresh (id int)'],
    ['create sequence PUBLIC . tickets', 'create sequence tickets'],
    ['create sequence public /* here */ . -- and\n tickets', 'create sequence \ntickets'],
    ['create view "public"."calm_books" as select * from "public"."books"', 'create view "calm_books" as select * from "books"'],
    [`create table x (m "public"."mood" default 'a'::public.mood)`, `create table x (m "mood" default 'a'::mood)`],
    [
      'alter table x add foreign key (b) references "public"."books"("id")',
      'alter table x add foreign key (b) references "books"("id")',
    ],
    ['drop index "public"."books_title_idx"', 'drop index "books_title_idx"'],
    ['drop table if exists public.books, public.tickets cascade', 'drop table if exists books, tickets cascade'],
    [`alter type public.mood add value 'x'`, `alter type mood add value 'x'`],
    ['create index on only public.books (id)', 'create index on only books (id)'],
    [
      'create unique index concurrently i on public.books using btree (id)',
      'create unique index concurrently i on books using btree (id)',
    ],
    [
      'create trigger t after insert or update of id on public.books execute function public.refresh_books()',
      'create trigger t after insert or update of id on books execute function refresh_books()',
    ],
    [`comment on column public.books.id is 'of public.books'`, `comment on column books.id is 'of public.books'`],
    ['update public.books set id = 1', 'update books set id = 1'],
    ['insert into public.books select public.books.id from public.books', 'insert into books select books.id from books'],
    ['alter sequence public.tickets owned by public.books.id', 'alter sequence tickets owned by books.id'],
    ['drop table public."Odd ""name"""', 'drop table "Odd ""name"""'],
    [
      'create table "public"."table" ("public" int, "public.books" int)',
      'create table "table" ("public" int, "public.books" int)',
    ],
    [
      'create materialized view public.m as select 1; refresh materialized view public.m',
      'create materialized view m as select 1; refresh materialized view m',
    ],
    [
      'alter table public.books rename to volumes; drop table public.volumes',
      'alter table books rename to volumes; drop table volumes',
    ],
    [
      'create table a (id int generated always as identity (sequence name ids)); drop sequence public.ids',
      'create table a (id int generated always as identity (sequence name ids)); drop sequence ids',
    ],
    [
      'do $$ begin create type "public"."other" as enum (); exception when duplicate_object then null; end $$',
      'do $$ begin create type "other" as enum (); exception when duplicate_object then null; end $$',
    ],
    [
      'do $x$ begin\nif not exists (select) then alter table public.books add a int; end if; end $x$',
      'do $x$ begin\nif not exists (select) then alter table books add a int; end if; end $x$',
    ],
  ])('%s', (text, expected) => {
    expect(review(text)).toBe(expected)
    expect(review(expected)).toBe(expected)
  })

  test.each([
    `select 'public.books is a name', $$by public.books$$ || $x$ of public.books $x$ -- public.books\n/* public.books */`,
    `insert into notes values (E'it\\'s public.books')`,
    'select t.public.books, "public.books", publication.books, republic.books from t',
    'select * from public.plans join public.users on true',
    'create table x (plan text references public.plans (name), e public.citext default public.now2())',
    'select * from other.public, other.books',
    `comment on table books is 'see "public"."books" and public.mood'`,
  ])('but leaves strings, comments and other names as they are: %s', (text) => {
    expect(review(text)).toBe(text)
  })

  test('and every line keeps its number', () => {
    const text = 'create type public\n.\nmood as enum ();\n\nalter table x add y "public"\n."mood";'
    expect(review(text).split('\n')).toHaveLength(text.split('\n').length)
  })

  test('in the shared schema, too, when that is another one; a name that it does not create stays', () => {
    const text =
      'create table public.books (id int); create extension citext; create schema x; alter table public.theirs add y int'
    expect(review(text, { isShared: true, sharedSchema: 'common' })).toBe(text.replace('public.books', 'books'))
  })
})

describe('the review refuses, by name, what would change more than the tenant', () => {
  test.each<[string, RegExp, Given?]>([
    [
      'select 1;\ncreate extension if not exists citext',
      /^line 2: create extension, .*shared schema \(migrations\/shared\).*extensions: 'shared'/s,
    ],
    ['drop extension citext', /drop extension/],
    ['create schema auth', /create schema \("auth"\), which is about more than one tenant/],
    ['create schema if not exists public authorization x', /create schema/],
    ['drop schema public cascade', /drop schema/],
    ['alter schema public rename to x', /alter schema/],
    ['set search_path to public', /sets the search path/, { public: 'refuse' }],
    ['set local search_path = "public"', /sets the search path/, { public: 'refuse' }],
    ['reset search_path', /sets the search path/, { public: 'refuse' }],
    ['set "SEARCH_PATH" = public', /sets the search path/, { public: 'refuse' }],
    ['set local "Search_Path" to public', /sets the search path/, { public: 'refuse' }],
    [
      'create function p() returns int language sql set "SEARCH_PATH" = public as $$ select 1 $$',
      /leads out of the schema|sets the search path/,
      { public: 'refuse' },
    ],
    [
      'create function p() returns void language plpgsql as $$ begin set "SEARCH_PATH" = public; end $$',
      /a function that sets the search path/,
    ],
    [`set schema 'public'`, /sets the search path/, { public: 'refuse' }],
    [`select pg_catalog.set_config('search_path', '', false)`, /set_config, which sets the search path/, { public: 'refuse' }],
    ['alter table books set schema public', /set schema \("public"\)/],
    ['grant usage on schema public to x', /grant on schema \("public"\)/, { public: 'refuse' }],
    ['grant select on all tables in schema public to x', /in schema \("public"\)/],
    [
      'select 1;\n\nalter table public.plans add x int',
      /^line 3: .*public\.plans, which is not in the schema of the tenant/,
      { public: 'refuse' },
    ],
    ['drop table books, public.plans', /.*public\.plans, which is not in the schema of the tenant/, { public: 'refuse' }],
    ['create index i on public.plans (name)', /.*public\.plans, which is not in the schema of the tenant/, { public: 'refuse' }],
    [
      'create table p partition of public.plans for values in (1)',
      /.*public\.plans, which is not in the schema of the tenant/,
      { public: 'refuse' },
    ],
    [
      'alter table books attach partition public.plans default',
      /.*public\.plans, which is not in the schema of the tenant/,
      { public: 'refuse' },
    ],
    ['create policy p on public.plans', /.*public\.plans, which is not in the schema of the tenant/, { public: 'refuse' }],
    [
      'create trigger t before update on public.plans execute function f()',
      /.*public\.plans, which is not in the schema of the tenant/,
      { public: 'refuse' },
    ],
    ['drop trigger t on public.plans', /.*public\.plans, which is not in the schema of the tenant/, { public: 'refuse' }],
    [
      'create rule r as on insert to public.plans do nothing',
      /.*public\.plans, which is not in the schema of the tenant/,
      { public: 'refuse' },
    ],
    ['insert into public.plans values (1)', /.*public\.plans, which is not in the schema of the tenant/, { public: 'refuse' }],
    [
      'with x as (delete from only public.plans returning 1) select * from x',
      /.*public\.plans, which is not in the schema of the tenant/,
      { public: 'refuse' },
    ],
    ['update only public.plans set x = 1', /.*public\.plans, which is not in the schema of the tenant/, { public: 'refuse' }],
    [
      'merge into public.plans using books on true when matched then delete',
      /.*public\.plans, which is not in the schema of the tenant/,
      { public: 'refuse' },
    ],
    [`copy public.plans from '/x'`, /.*public\.plans, which is not in the schema of the tenant/, { public: 'refuse' }],
    ['truncate public.plans', /.*public\.plans, which is not in the schema of the tenant/, { public: 'refuse' }],
    ['lock table public.plans', /.*public\.plans, which is not in the schema of the tenant/, { public: 'refuse' }],
    [
      'grant select on table public.plans to x',
      /.*public\.plans, which is not in the schema of the tenant/,
      { public: 'refuse' },
    ],
    [
      'do $$ begin drop table public.plans; end $$',
      /.*public\.plans, which is not in the schema of the tenant/,
      { public: 'refuse' },
    ],
    ['do $$\nbegin\n  create extension citext;\nend $$', /^line 3: create extension/],
    [
      'select 1;\n\\connect other\nselect 2',
      /^line 2: the command \\connect, with which psql opens another database.*Remove the line/,
    ],
    ['select 1;\n\\c other;\nselect 2', /^line 2: the command \\c, with which psql opens another database/],
    ['select 1;\n\\restrict x\nselect 2', /^line 2: the command \\restrict, which psql carries out itself/],
    ['drop database if exists other;', /^line 1: drop database: .*Remove the statement\.$/],
    ['create database other;', /^line 1: create database: .*Remove the statement\.$/],
    ['create table a (b int);\n\\restrict xyz\n\nset x.y = 1', /^line 2: the command \\restrict/],
    ['copy books (id) from stdin;\n1\n2\n\\.\nselect 1', /^line 1: COPY … FROM STDIN, whose rows psql sends.*--inserts/],
    ['copy books to stdout', /^line 1: COPY … TO STDOUT/],
    ['create table x (p text references public.plans)', /"public" is no schema of this tenancy/, { knowsPublic: false }],
    ['select public.gen()', /"public" is no schema of this tenancy/, { knowsPublic: false }],
  ])('%s', (text, message, options) => {
    expect(() => review(text, options)).toThrow(message)
  })

  test.each([
    ['create schema if not exists "public";\ncreate table x ()', ';\ncreate table x ()'],
    ['-- CreateSchema\nCREATE SCHEMA IF NOT EXISTS "public"', '-- CreateSchema\n'],
  ])('but leaves out the creation of the schema public, which exists: %s', (text, expected) => {
    expect(review(text)).toBe(expected)
  })

  test.each([
    `SELECT pg_catalog.set_config('search_path', '', false)`,
    `set search_path = public, pg_catalog`,
    `set search_path to "$user", public`,
    `set local search_path to 'public'`,
    `reset search_path`,
    `comment on schema public is 'standard public schema'`,
    `revoke usage on schema public from public`,
    `grant all on schema "public" to public`,
    `alter schema public owner to postgres`,
  ])('but leaves out what only chooses or describes public, with rewrite alone: %s', (text) => {
    expect(review(`${text};\nselect 1`)).toBe(';\nselect 1')
    expect(() => review(text, { public: 'refuse' })).toThrow(/^line 1/)
    expect(() => review(text, { public: 'keep' })).toThrow(/^line 1/)
  })

  test.each([
    `set search_path = other`,
    `set search_path = public, other`,
    `select set_config('search_path', current_user, false)`,
    `grant select on all tables in schema public to x`,
    `grant usage on schema public, other to x`,
    `alter default privileges in schema public grant select on tables to x`,
  ])('and refuses what leads elsewhere, also with rewrite: %s', (text) => {
    expect(() => review(text)).toThrow(/^line 1/)
  })

  test('but leaves out the extension that the shared migrations create', () => {
    expect(review('create extension if not exists\ncitext; select 1', { extensions: 'shared' })).toBe('\n; select 1')
  })

  test.each([
    `create function f() returns int language sql set search_path = '' as $$ select 1 from public.plans $$`,
    'create function f() returns int language sql set search_path from current as $$ select 1 $$',
    `insert into settings values ('search_path', 'create extension'), ('schema', 'public')`,
    'create table schema (public int, extension text, search_path text)',
    `alter table books alter id set default nextval('public.shared_numbers')`,
  ])('and accepts what only looks like it: %s', (text) => {
    expect(review(text)).toBe(text)
  })
})

/** Which of these names belong to the tenant after the text. */
function after(text: string, ...names: string[]): string[] {
  const known = new OwnedObjects()
  review(text, { owned: known, isShared: true, sharedSchema: 'common' })
  return names.filter((name) => known.hasName(name))
}

describe('the review counts as the tenant’s own', () => {
  test('what was created without a schema, or in public', () => {
    const text = `
      create table a (id int, constraint a_key unique (id)); create unlogged table "public"."B" (); create table other.c ();
      create or replace view d as select 1; create unique index concurrently if not exists e on a (id); create index on a (id);
      create function f(x int) returns int language sql as 'select 1'; alter table a rename column id to h;
      do $$ begin create domain i as int; end $$; create trigger j after insert on a execute function f(); create temp table k ();
      create extension l; create schema m; create publication n; create table o (id int generated by default as identity (sequence name p));`
    expect(after(text, ...'abcdefghijklmnop', 'B', 'a_key', 'a_id_seq', 'z_id_seq').join(' ')).toBe(
      'a d e f i o p B a_key a_id_seq',
    )
  })

  test('a name from when it is created until it is dropped or renamed', () => {
    expect(after('create table a (); alter table a rename to b; create type c as enum (); drop type c', 'a', 'b', 'c')).toEqual([
      'b',
    ])
    expect(after('create function f() returns int language sql as $$ select 1 $$; drop function f(int)', 'f')).toEqual(['f'])
  })

  test.each([
    ['create table x (p int references public.late); create table public.late (id int)', /"public" is no schema of this tenancy/],
  ])('and refuses a name before and after that: %s', (text, message) => {
    expect(() => review(text, { knowsPublic: false })).toThrow(message)
  })

  test('and takes a name that is not created yet for one of the shared schema', () => {
    const text =
      'create table x (p int references public.plans); create table public.plans (id int); alter table public.plans add y int'
    expect(review(text)).toBe(
      'create table x (p int references public.plans); create table plans (id int); alter table plans add y int',
    )
  })
})

test('namesOfPublic gives the names behind "public." in a text, each once', () => {
  expect(namesOfPublic(`select * from public.a, "public"."B c" where x = 'public.d' and "public".a.y = republic.e`)).toEqual([
    'a',
    'B c',
    'd',
  ])
  expect(namesOfPublic('select 1')).toEqual([])
})

test('a statement that is nested too deeply to be walked counts as one that the review cannot read', () => {
  for (const pieces of [600, 5000, 20_000]) {
    const text = `select ${`'a' || `.repeat(pieces)} 'b'`
    expect(review(text)).toBe(text)
    expect(() => review(`create table public.plans as ${text}`, { public: 'refuse' })).toThrow(/public/)
  }
})
