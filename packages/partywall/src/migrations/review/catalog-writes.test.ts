import { describe, expect, test } from 'vitest'
import { reviewed } from '../../../test/support/migrations/review-text.ts'

describe('a statement that writes to a catalog of PostgreSQL', () => {
  test.each([
    `delete from pg_enum where enumlabel = 'sad'`,
    `update pg_catalog.pg_enum set enumlabel = 'happy' where enumlabel = 'sad'`,
    `update pg_attribute set attnotnull = true where attname = 'body'`,
    `delete from pg_enum using pg_namespace where enumlabel = 'sad'`,
    `delete from pg_enum using pg_type t where t.oid = enumtypid and t.typname = 'mood'`,
    `with gone as (delete from pg_trigger where tgname = 't' returning 1) select * from gone`,
    `do $$ begin delete from pg_constraint where conname = 'books_pkey'; end $$`,
    `do $$ begin execute 'delete from pg_description'; end $$`,
    'update pg_database set datconnlimit = 77',
    `insert into pg_db_role_setting values (0, 0, '{}')`,
    'lock table pg_class',
    'grant select on pg_stat_activity to x',
  ])('is refused when it is not limited to the tenant: %s', (text) => {
    expect(() => reviewed(text)).toThrow(/a change of pg_\w+, which holds the objects of all tenants/)
  })

  test.each([
    `delete from pg_enum where enumlabel = 'sad' and enumtypid = 'mood'::regtype`,
    `update pg_catalog.pg_attribute set atttypmod = 104 where attrelid = 'books'::regclass and attname = 'title'`,
    `insert into pg_enum (enumtypid, enumlabel, enumsortorder) values ('mood'::regtype, 'new', 3)`,
    'insert into pg_bosses values (1)',
  ])('is sent as it is when it is: %s', (text) => {
    expect(reviewed(text)).toBe(text)
  })

  test('is sent when it is limited by a query of another catalog, which is limited in its turn', () => {
    expect(reviewed(`delete from pg_enum where enumtypid = (select oid from pg_type where typname = 'mood')`)).toMatch(
      /\(select oid from \(select \* from pg_catalog\.pg_type where typnamespace = /,
    )
  })

  test.each([
    `update pg_settings set setting = 'public' where name = 'search_path'`,
    `update pg_catalog.pg_settings set setting = 'x' where name = 'role'`,
    `do $$ begin update pg_settings set setting = 'public' where name = 'search_path'; end $$`,
  ])('is refused where it would change a setting: %s', (text) => {
    expect(() => reviewed(text, { changesShared: true })).toThrow(/pg_settings/)
  })

  test('in the body of a function, it counts as a change of the search path', () => {
    const text = `create function p() returns void language plpgsql as $$ begin update pg_settings set setting = 'public'; end $$`
    expect(() => reviewed(text)).toThrow(/a function that sets the search path/)
  })
})
