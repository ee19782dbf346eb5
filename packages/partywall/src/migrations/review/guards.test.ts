import { describe, expect, test } from 'vitest'
import { reviewed } from '../../../test/support/migrations/review-text.ts'

const own = 'quote_ident(current_schema())::regnamespace'
const types = `(select * from pg_catalog.pg_type where typnamespace = ${own})`
const classes = `(select * from pg_catalog.pg_class where relnamespace = ${own})`
const ofTables = `in (select oid from pg_catalog.pg_class where relnamespace = ${own})`
const ofTypes = `in (select oid from pg_catalog.pg_type where typnamespace = ${own})`
const view = (name: string, column = 'schemaname'): string => `(select * from ${name} where ${column} = current_schema())`
const columns = view('information_schema.columns', 'table_schema')

describe('a query on the catalogs is limited to the schema of the tenant', () => {
  test.each([
    [`select from pg_type where typname = 'mood'`, `select from ${types} as pg_type where typname = 'mood'`],
    [
      `select from pg_catalog.pg_type t where t.typname = 'mood' or true`,
      `select from ${types} t where t.typname = 'mood' or true`,
    ],
    [
      `do $$ begin if not exists (select 1 from pg_constraint where conname = 'fk') then alter table books add constraint fk check (true); end if; end $$`,
      `do $$ begin if not exists (select 1 from (select * from pg_catalog.pg_constraint where connamespace = ${own}) as pg_constraint where conname = 'fk') then alter table books add constraint fk check (true); end if; end $$`,
    ],
    [
      `insert into books select 1 where not exists (select from information_schema.columns where table_name = 'books')`,
      `insert into books select 1 where not exists (select from ${columns} as columns where table_name = 'books')`,
    ],
    [
      `select 'é' from pg_indexes where indexname = 'i'`,
      `select 'é' from ${view('pg_catalog.pg_indexes')} as pg_indexes where indexname = 'i'`,
    ],
    [`table pg_policies`, `table pg_policies`.replace('table pg_policies', 'REFUSED')],
    [
      `select 1 from pg_enum e join pg_type t on e.enumtypid = t.oid where t.typname = 'mood' and e.enumlabel = 'x'`,
      `select 1 from (select * from pg_catalog.pg_enum where enumtypid ${ofTypes}) e join pg_type t on e.enumtypid = t.oid where t.typname = 'mood' and e.enumlabel = 'x'`,
    ],
    [
      `select from pg_trigger where tgname = 't' and not tgisinternal`,
      `select from (select * from pg_catalog.pg_trigger where tgrelid ${ofTables}) as pg_trigger where tgname = 't' and not tgisinternal`,
    ],
    [
      `select from pg_constraint c join pg_class t on c.conrelid = t.oid join pg_class f on c.confrelid = f.oid where t.relname = 'books'`,
      `select from (select * from pg_catalog.pg_constraint where connamespace = ${own}) c join pg_class t on c.conrelid = t.oid join pg_class f on c.confrelid = f.oid where t.relname = 'books'`,
    ],
    [
      `select from pg_class c left join pg_attribute a on a.attrelid = c.oid left join pg_type y on y.oid = a.atttypid`,
      `select from ${classes} c left join (select * from pg_catalog.pg_attribute where attrelid ${ofTables}) a on a.attrelid = c.oid left join pg_type y on y.oid = a.atttypid`,
    ],
    [
      `select from information_schema.table_constraints tc join information_schema.key_column_usage k using (constraint_name)`,
      `select from ${view('information_schema.table_constraints', 'constraint_schema')} tc join ${view('information_schema.key_column_usage', 'constraint_schema')} k using (constraint_name)`,
    ],
    [
      `select from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')`,
      `select from ${view('information_schema.tables', 'table_schema')} as tables where table_schema not in ('pg_catalog', 'information_schema')`,
    ],
    [
      `select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^pg_'`,
      `select from ${classes} c join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^pg_'`,
    ],
    [
      `select from pg_class where relnamespace in (select oid from pg_namespace where nspname <> 'x')`,
      `select from ${classes} as pg_class where relnamespace in (select oid from pg_namespace where nspname <> 'x')`,
    ],
    [
      `select from pg_attribute where attrelid = (select oid from pg_class where relname = 'books')`,
      `select from pg_attribute where attrelid = (select oid from ${classes} as pg_class where relname = 'books')`,
    ],
    [
      `select (select d.description from pg_statio_all_tables s join pg_description d on d.objoid = s.relid where s.relname = 'x')`,
      `select (select d.description from ${view('pg_catalog.pg_statio_all_tables')} s join pg_description d on d.objoid = s.relid where s.relname = 'x')`,
    ],
    [`select 1 union select 2 from pg_tables`, `select 1 union select 2 from ${view('pg_catalog.pg_tables')} as pg_tables`],
    [`delete from books using pg_class where true`, `delete from books using ${classes} as pg_class where true`],
    [
      `merge into books b using pg_class c on b.id = 1 when matched then delete`,
      `merge into books b using ${classes} c on b.id = 1 when matched then delete`,
    ],
    [`with t as (select from pg_class) select from t`, `with t as (select from ${classes} as pg_class) select from t`],
    [
      `do $$ declare n int; begin select count(*) into n from pg_type where typname = 'x'; perform 1 from pg_class; if not found then null; end if; end $$`,
      `do $$ declare n int; begin select count(*) into n from ${types} as pg_type where typname = 'x'; perform 1 from ${classes} as pg_class; if not found then null; end if; end $$`,
    ],
    [
      `do $$ begin if (select count(*) from pg_class) = 0 or exists (select from pg_class) then null; end if; end $$`,
      `do $$ begin if (select count(*) from ${classes} as pg_class) = 0 or exists (select from ${classes} as pg_class) then null; end if; end $$`,
    ],
    [`update books set id = 1 from pg_class c`, `update books set id = 1 from ${classes} c`],
    [`create table x as select relname from pg_class`, `create table x as select relname from ${classes} as pg_class`],
    [
      `do $$ declare r record; begin for r in select * from pg_stat_user_tables loop raise notice '%', r; end loop; end $$`,
      `do $$ declare r record; begin for r in select * from ${view('pg_catalog.pg_stat_user_tables')} as pg_stat_user_tables loop raise notice '%', r; end loop; end $$`,
    ],
    [
      `do $$ declare found_it boolean; begin found_it := exists (select from pg_type where typname = 'x'); end $$`,
      `do $$ declare found_it boolean; begin found_it := exists (select from ${types} as pg_type where typname = 'x'); end $$`,
    ],
    [
      `do 'begin if exists (select from pg_type where typname = ''mood'') then drop type mood; end if; end'`,
      `do 'begin if exists (select from ${types} as pg_type where typname = ''mood'') then drop type mood; end if; end'`,
    ],
    [
      `do $$ begin execute 'insert into books select 1 from pg_type where typname = ''x'''; end $$`,
      `do $$ begin execute 'insert into books select 1 from ${types} as pg_type where typname = ''x'''; end $$`,
    ],
  ])('%s', (text, expected) => {
    if (expected === 'REFUSED')
      expect(() => reviewed(text)).toThrow(/pg_policies that is not limited.*and pg_policies\.schemaname = current_schema\(\)/)
    else {
      expect(reviewed(text)).toBe(expected)
      expect(reviewed(expected)).toBe(expected)
    }
  })

  test.each([
    `select from pg_type where typname = 'mood' and typnamespace = current_schema()::regnamespace`,
    `select from information_schema.columns where table_name = 'books' and table_schema = current_schema()`,
    `select from information_schema.columns where (table_schema, table_name) in ((current_schema(), 'books'))`,
    `select from pg_tables where schemaname = any(current_schemas(false))`,
    `select from pg_constraint where conrelid = 'books'::regclass and conname = 'fk'`,
    `select from pg_constraint where conrelid::regclass::text = 'books'`,
    `select from pg_attribute a where a.attrelid = to_regclass('books')`,
    `select from pg_enum where enumtypid = 'mood'::regtype`,
    `select from pg_class c where pg_table_is_visible(c.oid)`,
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()`,
    `select from pg_class c, pg_namespace n where n.oid = c.relnamespace and n.nspname in (current_schema())`,
    `select from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 'books'::regclass`,
    `select from pg_class where relnamespace = (select oid from pg_namespace where nspname = current_schema())`,
    `select from pg_class c where c.relnamespace = current_schema()::regnamespace and exists (select from pg_attribute a where a.attrelid = c.oid)`,
    `select from information_schema.table_constraints a join information_schema.key_column_usage b using (constraint_schema, constraint_name) where a.constraint_schema = current_schema()`,
    `select from pg_tables where schemaname = $1`,
    `select from pg_tables where schemaname = 'elsewhere' or schemaname = current_schema()`,
    `select from pg_description where objoid = 'books'::regclass`,
    `select from pg_extension, pg_roles, pg_database, pg_settings, pg_am, pg_language, information_schema.schemata, pg_namespace`,
    `with pg_class as (select 1) select * from pg_class`,
    `with t as (select oid from pg_type where typnamespace = current_schema()::regnamespace) select from pg_enum e join t on e.enumtypid = t.oid`,
    `create view v as select * from pg_class`,
    `create function f() returns bigint language sql as $$ select count(*) from pg_class $$`,
    `create function f() returns bigint language sql begin atomic select count(*) from pg_class; end`,
    `create function f() returns void language plpgsql as $$ begin if exists (select from pg_type where typname = 'x') then null; end if; end $$`,
  ])('but not one that is limited, one that is global, or one that runs later: %s', (text) => {
    expect(reviewed(text)).toBe(text)
  })

  test.each([
    [`select pg_catalog.pg_class.relname from pg_catalog.pg_class`, /Add the condition: and pg_class\.relnamespace = /],
    [`select 1;\nselect from only pg_class`, /^line 2: a query on pg_catalog\.pg_class that is not limited/],
    [`select c.tableoid from pg_class c`, /and c\.relnamespace =/],
    [`select from pg_description`, /Compare the number/],
  ])('and is refused where its text cannot be changed: %s', (text, message) => {
    expect(() => reviewed(text)).toThrow(message)
  })
})

describe("a comparison with the schema 'public'", () => {
  const cases = [
    [`select from pg_tables where schemaname = 'public'`, `select from pg_tables where schemaname = current_schema()`],
    [
      `select from pg_tables where 'public'::name = schemaname`,
      `select from pg_tables where current_schema()::name = schemaname`,
    ],
    [`select from pg_tables where schemaname in ('public')`, `select from pg_tables where schemaname in (current_schema())`],
    [
      `select from information_schema.columns c where c.table_schema = any(array['public'])`,
      `select from information_schema.columns c where c.table_schema = any(array[current_schema()])`,
    ],
    [
      `select from information_schema.columns c where c.table_schema = any('{public}'::text[])`,
      `select from information_schema.columns c where c.table_schema = any(array[current_schema()]::text[])`,
    ],
    [
      `select from information_schema.columns where (table_schema, table_name) = ('public', 'books')`,
      `select from information_schema.columns where (table_schema, table_name) = (current_schema(), 'books')`,
    ],
    [
      `select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'`,
      `select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = current_schema()`,
    ],
    [`select from pg_class where relnamespace = 'public'::regnamespace`, `select from pg_class where relnamespace = ${own}`],
    [`select from pg_class where relnamespace = regnamespace 'public'`, `select from pg_class where relnamespace = ${own}`],
    [
      `select from pg_class where relnamespace::regnamespace::text = 'public'`,
      `select from pg_class where relnamespace::regnamespace::text = current_schema()`,
    ],
    [
      `do $$ begin if exists (select from pg_indexes where schemaname = 'public') then drop index books_title_idx; end if; end $$`,
      `do $$ begin if exists (select from pg_indexes where schemaname = current_schema()) then drop index books_title_idx; end if; end $$`,
    ],
  ] as const

  test.each(cases)('becomes one with the schema of the tenant: %s', (text, expected) => {
    expect(reviewed(text)).toBe(expected)
    expect(reviewed(text, { public: 'keep' })).toBe(text)
    expect(() => reviewed(text, { public: 'refuse' })).toThrow(
      /^line 1: a comparison of \w+ with 'public'.*Write current_schema\(\)/,
    )
  })

  test('in a parameter gets the schema of the tenant', () => {
    const values: unknown[] = ['public', 'books', ['public']]
    const text = 'select from pg_tables where schemaname = $1 and tablename = $2 and schemaname = any($3)'
    expect(reviewed(text, { values, ownSchema: 'acme' })).toBe(text)
    expect(values).toEqual(['acme', 'books', ['acme']])
    expect(() => reviewed(text, { values: ['public'], ownSchema: 'acme', public: 'refuse' })).toThrow(/comparison of schemaname/)
  })

  test.each([
    `select from books where visibility = 'public'`,
    `select from books where table_schema = 'public'`,
    `insert into books select 'public' from pg_tables where schemaname = current_schema()`,
  ])('is left alone where it is data: %s', (text) => {
    expect(reviewed(text)).toBe(text)
    expect(reviewed(text, { public: 'refuse' })).toBe(text)
  })
})
