import { describe, expect, test } from 'vitest'
import { factsOf, reviewed, type Given } from '../../../test/support/migrations/review-text.ts'
import { OwnedObjects } from './owned-objects.ts'

const later = new OwnedObjects([{ class: 'relation', name: 'later_books' }])
const plpgsql = (body: string, rest = ''): string => `create function f() returns void language plpgsql${rest} as $$ ${body} $$`

describe('"public." in front of what is the tenant’s own', () => {
  test.each([
    // Bodies.
    ['create function f() returns int language sql as $$ select count(*) from public.books $$', 'select count(*) from books'],
    [
      `create function f() returns int language sql as 'select count(*) from "public"."books" where x = ''public.books'''`,
      `from "books" where x = ''public.books'''`,
    ],
    [
      `create function f() returns int language sql as E'select\\n1\\tfrom public.books where x = \\'a\\\\\\\\b\\''`,
      `\\tfrom books where x = \\'a\\\\\\\\b\\''`,
    ],
    ['create function f() returns int language sql as $x$ select 1 from public.later_books $x$', 'from later_books'],
    ['create function f() returns bigint language sql begin atomic select count(*) from public.books; end', 'from books; end'],
    ['create procedure f() language sql as $$ insert into public.books values (1) $$', 'insert into books values'],
    ['create function g() returns int language sql as $$ select public.g() $$', 'select g()'],
    [
      plpgsql('declare b public.books%rowtype; i public.books.id%type; begin b.title := public.refresh_books(); end'),
      'b books%rowtype; i books.id%type; begin b.title := refresh_books();',
    ],
    [
      plpgsql('begin for b in select * from public.books loop update public.books set id = b.id; end loop; end'),
      'from books loop update books set',
    ],
    [
      plpgsql('begin delete from public.books; exception when others then insert into public.books values (1); end'),
      'then insert into books values',
    ],
    // Names in strings.
    [`alter table books alter id set default nextval('public.tickets')`, `nextval('tickets')`],
    [`alter table books alter id set default nextval('"public"."tickets"'::regclass)`, `nextval('"tickets"'::regclass)`],
    [
      `select setval('public.tickets', 7), currval($$public.tickets$$), pg_get_serial_sequence('public.books', 'id')`,
      `setval('tickets', 7), currval($$tickets$$), pg_get_serial_sequence('books', 'id')`,
    ],
    [
      `select to_regclass('public.books'), 'public.mood'::regtype, regclass 'public.books', pg_relation_size(E'public.books')`,
      `to_regclass('books'), 'mood'::regtype, regclass 'books', pg_relation_size(E'books')`,
    ],
    [`select create_hypertable('public.books', 'at')`, `create_hypertable('books', 'at')`],
    [`select from pg_constraint where conrelid = 'public.books'::regclass`, `conrelid = 'books'::regclass`],
    [`select from pg_constraint where conrelid::regclass::text in ('public.books')`, `in ('books')`],
    [plpgsql(`begin perform setval('public.tickets', 1); end`), `setval('tickets', 1)`],
    [`do $$ begin perform setval('public.tickets', 1); end $$`, `setval('tickets', 1)`],
    // Statements that are put together at run time.
    [
      plpgsql(`begin execute 'insert into public.books values (''public.books'')'; end`),
      `'insert into books values (''public.books'')'`,
    ],
    [plpgsql(`begin execute format('select 1 from public.%I', tg_argv[0]); end`), `format('select 1 from %I', tg_argv[0])`],
    [plpgsql(`begin execute 'select 1 from public.' || quote_ident(x); end`, ''), `'select 1 from ' || quote_ident(x)`],
    [
      plpgsql(`begin execute format('select 1 from %I.%I where a = %L', 'public', x, 'public'); end`),
      `current_schema(), x, 'public')`,
    ],
    [plpgsql(`declare s text := 'drop table public.books'; begin execute s; end`), `'drop table books'`],
    [plpgsql(`declare s text; begin s := 'drop table ' || 'public.books'; execute s; end`), `'drop table ' || 'books'`],
    [`do $$ begin execute 'select 1 from public.books'; end $$`, `'select 1 from books'`],
    [`do $$ begin execute 'select ''public.books'' from public.books'; end $$`, `'select ''public.books'' from books'`],
    [`do 'begin execute ''select ''''public.books'''' from public.books''; end'`, `''select ''''public.books'''' from books''`],
    [`do 'begin perform 1 from public.books; end'`, `do 'begin perform 1 from books; end'`],
    [
      `do $$ declare t text; begin foreach t in array array['a'] loop execute format('drop table if exists public.%I', t); end loop; end $$`,
      `'drop table if exists %I'`,
    ],
    // The search path of a function.
    [
      'create function f() returns int language sql set search_path = public as $$ select 1 $$',
      'set search_path from current as $$',
    ],
    [
      `create function f() returns int language sql set search_path to 'public', pg_temp stable as $$ select 1 $$`,
      'set search_path from current stable as',
    ],
    [
      'create function f() returns int language sql set search_path = "$user", public as $$ select 1 $$',
      'sql set search_path from current as',
    ],
    [
      `create function f() returns int language sql security definer set search_path = '' as $$ select 1 from public.books $$`,
      'definer set search_path from current as $$ select 1 from books $$',
    ],
    ['alter function refresh_books() set search_path = public, pg_temp', 'refresh_books() set search_path from current'],
  ])('is removed with "rewrite", refused with "refuse", and stays with "keep": %s', (text, part) => {
    const result = reviewed(text, { later })
    expect(result).toContain(part)
    expect(reviewed(result, { later })).toBe(result)
    expect(() => reviewed(text, { later, public: 'refuse' })).toThrow(/public|search path/)
    expect(reviewed(text, { later, public: 'keep' })).toBe(text)
  })

  test.each([
    `create function f() returns int language sql as $$ select 1 from public.plans where x = 'public.books' $$`,
    `create function f() returns int language sql security definer set search_path = '' as $$ select 1 from public.plans $$`,
    'create function f() returns int language sql set search_path = pg_catalog, pg_temp as $$ select 1 $$',
    'create function f() returns int language sql set search_path from current as $$ select 1 $$',
    plpgsql(`begin insert into log values ('public.books'); raise notice 'public.books'; execute 'select 1' using 'public'; end`),
    plpgsql(`begin execute format('update log set x = %L', 'public'); execute 'select 1 from public.plans'; end`),
    `insert into docs values ('public.books', 'see public.books', lower('public.books'))`,
    `create table t (x text default 'public.books', y text check (y <> 'public.books'))`,
    `comment on table books is 'public.books'`,
    `create function f() returns int language c as 'public.books', 'books'`,
    `create function f() returns int language plv8 as $$ return plv8.execute('select 1 from public.plans') $$`,
  ])('but a shared name, and data, stay: %s', (text) => {
    expect(reviewed(text)).toBe(text)
    expect(reviewed(text, { public: 'refuse' })).toBe(text)
  })

  test.each<[string, RegExp, Given?]>([
    [
      `create function f() returns int language plv8 as $$ return plv8.execute('select 1 from public.books') $$`,
      /public\.books in the body of a function that the review cannot read/,
    ],
    [plpgsql('begin this is no code'), /^$/],
    [
      `create function f() returns int language sql as $$ select\n1 from public.unheard_of $$`,
      /^line 2: .*"public" is no schema of this tenancy/,
      { knowsPublic: false },
    ],
    [
      `select 1;\ncreate function f() returns int language sql as $$\nselect 1\nfrom public.books $$`,
      /^line 4: public\.books in the body/,
      { public: 'refuse' },
    ],
    [
      `do $$ begin\nexecute format('drop table public.%I', x); end $$`,
      /^line 2: public\.… in a statement that is put together at run time/,
      { public: 'refuse' },
    ],
    [
      'create function f() returns int language sql set search_path = auth as $$ select 1 $$',
      /search_path of a function, which sets/,
    ],
  ])('is refused where it cannot be removed, and otherwise by its line: %s', (text, message, given = {}) => {
    if (message.source === '^$') expect(factsOf(text)[0]!.unknown).toHaveLength(1)
    else expect(() => reviewed(text, given)).toThrow(message)
  })
})

describe('a function that sets the search path', () => {
  test.each([
    plpgsql(`begin perform set_config('search_path', 'x', true); end`),
    plpgsql('begin set search_path = x; end'),
    plpgsql('begin set local search_path = x; end'),
    plpgsql(`begin execute 'set search_path to ' || x; end`),
    plpgsql('begin set search_path = x; end', ' set search_path from current'),
    `create function f() returns text language sql as $$ select set_config('search_path', 'x', false) $$`,
  ])('is refused, because the path would hold after its call: %s', (text) => {
    for (const policy of ['refuse', 'rewrite', 'keep'] as const) {
      expect(() => reviewed(text, { public: policy })).toThrow(/a function that sets the search path/)
    }
  })

  test('may do so for the time of its call, by its own setting', () => {
    const text = plpgsql(
      `begin set local search_path = x; perform set_config('search_path', 'y', true); end`,
      ' set search_path from current',
    )
    expect(reviewed(text)).toBe(text)
  })
})

/** The names that a text changes by the search path. */
function changedBy(text: string): string[] {
  return factsOf(text, { public: 'refuse' }).flatMap(({ changed }) => changed.map(({ name }) => name))
}

describe('a statement in a DO block is one of the migration', () => {
  test.each([
    ['do $$ begin drop table plans; end $$'],
    ['do $$ begin begin alter table plans add x int; exception when others then null; end; end $$'],
    ['do $$ begin select 1; exception when others then delete from plans; end $$'],
    ['do $$ begin for i in 1..3 loop while true loop update plans set x = 1; end loop; end loop; end $$'],
    ['do $$ begin if true then null; elsif false then null; else truncate plans; end if; end $$'],
    ['do $$ begin case 1 when 1 then drop table plans; else null; end case; end $$'],
    [`do $$ begin execute 'drop table plans'; end $$`],
    [`do $$ begin execute format('drop table plans'); execute $q$ select 1 $q$; end $$`],
    [`do $$ begin execute 'do $x$ begin drop table plans; end $x$'; end $$`],
    [`do $$ begin execute format('alter table plans add column %I int', x); end $$`],
    [`do $$ begin execute 'alter table ' || quote_ident('plans') || ' add x int'; end $$`],
    [`do $$ declare s text := 'drop table plans'; begin execute s; end $$`],
    [`do $$ declare b books%rowtype; begin b.id := 1; drop table plans; end $$`],
    [`do $$ declare b books; begin for b in select * from books loop drop table plans; end loop; end $$`],
    [`do $$ declare x text; begin for x in execute 'delete from plans returning 1' loop null; end loop; end $$`],
    [`do $$ declare m "mood"; t text; begin select 'a', 'b' into m, t from books where id = 1; drop table plans; end $$`],
    [`do $$ declare c cursor for update plans set x = 1 returning 1; begin open c; end $$`],
  ])('and what it changes is known: %s', (text) => {
    expect(changedBy(text)).toContain('plans')
  })

  test('and what is left out of it leaves a statement', () => {
    const given = { extensions: 'shared' } as const
    expect(reviewed(`do $$ begin create extension citext; execute 'create extension citext'; end $$`, given)).toBe(
      `do $$ begin null; execute 'select'; end $$`,
    )
    expect(reviewed(`do $$ begin execute $x$create extension citext$x$; end $$`, given)).toBe(
      `do $$ begin execute $x$select$x$; end $$`,
    )
  })

  test.each([
    [`do $$ begin execute 'create extension citext'; end $$`, /create extension/],
    [`do $$ begin execute format('drop role %I', x); end $$`, /drop role/],
    [`do $$ begin execute 'grant usage on schema ' || x || ' to y'; end $$`, /grant on schema/],
    [`do $$ begin execute 'set search_path to public'; end $$`, /search path/],
    [`do $$ begin execute 'set search_path to ' || quote_ident(x); end $$`, /search path/],
    [`do $$ declare s text; begin s := 'drop schema x'; execute s; end $$`, /drop schema/],
    [`do $$ begin execute concat('create table public', '.', 'stray (id int)'); end $$`, /the creation of public\.stray/],
    [`do $$ begin execute format('delete from %I.notes', 'globex') || x; end $$`, /a change to the rows of globex\.notes/],
    [`do $$ declare s text; begin s := 'select set_config(''search_path'', x, true)'; execute s; end $$`, /search path/],
  ])('and refused by its kind: %s', (text, message) => {
    expect(() => reviewed(text)).toThrow(message)
  })

  test.each([
    [`do $$ begin execute x; end $$`, 1],
    [`do $$ begin execute 'alter table ' || x || ' add y int'; end $$`, 1],
    [`do $$ declare s text := 'select 1'; begin execute s; execute 'select 2'; end $$`, 0],
    [`do $$ declare s text := 'select 1'; begin s := s || x; execute s; end $$`, 1],
    [`do language plv8 $$ x $$`, 1],
  ])('and what stays unknown is named: %s', (text, count) => {
    expect(factsOf(text).flatMap(({ unknown }) => unknown)).toHaveLength(count)
  })
})
