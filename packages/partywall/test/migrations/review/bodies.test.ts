/** Functions, strings and DO blocks of tenant migrations, as they work in two tenants beside shared tables of the same names. */
import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { folderMigrations } from '../../../src/migrations/sources/folder/folder.ts'
import { prismaMigrations } from '../../../src/orm/prisma.ts'
import { umzugMigrations } from '../../../src/orm/umzug.ts'
import { toolFolder } from '../../support/migrations/fixtures.ts'
import { twoTenants } from './two-tenants.ts'

const shared = `
  create table plans (name text);
  insert into plans values ('free');
  create table public.books (title text);
  create function public.shelf() returns text language sql as $$ select 'shared' $$;`

test('functions that name public find the tenant’s own tables, also those of a later file, with { public: "rewrite" }', async () => {
  const source = folderMigrations(
    await toolFolder({
      '0001_functions.sql': `
        set check_function_bodies = off;
        create function by_sql() returns text language sql as 'select title || ''!'' from "public"."books"';
        create function empty_path() returns text language sql security definer set search_path = '' as $$ select title from public.books $$;
        create function own_path() returns text language sql set search_path = public, pg_temp as $$ select title from books $$;
        create function by_code() returns text language plpgsql as $$
        declare book public.books%rowtype; result text;
        begin
          select * into book from public.books;
          execute format('select title || %L from public.%I', 'public.books', 'books') into result;
          return book.title || result || (select name from public.plans);
        end $$;`,
      '0002_books.sql': `
        create table public.books (title text);
        insert into public.books values (current_schema());
        create table numbers (id int); create sequence public.tickets; alter table numbers alter id set default nextval('public.tickets');`,
    }),
    { public: 'rewrite' },
  )
  const { createBoth, rows } = await twoTenants(source, shared)
  await createBoth()
  for (const schema of ['acme', 'globex']) {
    await rows(`set search_path to ${schema}, public`)
    const [found] = await rows('select by_sql(), empty_path(), own_path(), by_code()')
    expect(found).toEqual({
      by_sql: `${schema}!`,
      empty_path: schema,
      own_path: schema,
      by_code: `${schema}${schema}public.booksfree`,
    })
    expect(await rows(`insert into ${schema}.numbers default values returning id`)).toEqual([{ id: 1 }])
  }
})

describe('a DO block that changes a table of the shared schema alone', () => {
  const blocks = [
    'do $$ begin drop table plans; end $$',
    'do $$ begin begin perform 1 / 0; exception when others then delete from plans; end; end $$',
    `do $$ begin for i in 1..2 loop execute 'update plans set name = null'; end loop; end $$`,
    `do $$ begin execute 'do $x$ begin truncate plans; end $x$'; end $$`,
    `do $$ declare s text := 'alter table plans add x int'; begin execute s; end $$`,
  ]

  test('is refused in a folder, in a folder of Prisma, and in code', async () => {
    const kinds = Object.fromEntries(
      await Promise.all(
        blocks.map(
          async (block, index) => [`folder${index}`, folderMigrations(await toolFolder({ '0001_x.sql': block }))] as const,
        ),
      ),
    )
    const code = `exports.up = ({ context }) => context.client.query(${JSON.stringify(blocks[2])})`
    const { create, rows } = await twoTenants(
      {
        ...kinds,
        prisma: prismaMigrations(await toolFolder({ '1_x/migration.sql': blocks[1]! })),
        code: umzugMigrations(await toolFolder({ '1.js': code })),
      },
      shared,
    )
    for (const kind of [...Object.keys(kinds), 'prisma', 'code']) {
      await expect(create({ schema: 'acme', kind })).rejects.toThrow(/plans"?, which the (?:schema "acme"|tenant) does not have/)
    }
    expect(await rows('select * from public.plans')).toEqual([{ name: 'free' }])
  })
})

describe('an extension that is left out', () => {
  const creates = `select 1;\ncreate extension if not exists "citext"; comment on extension citext is 'x'; alter extension citext update; drop extension pgcrypto;
    create table x (id int)`

  test('must exist when the tenant is made, or come with a pending migration of the shared schema', async () => {
    const tenant = folderMigrations(await toolFolder({ '0001_x.sql': creates }), { extensions: 'shared' })
    const missing = await twoTenants(tenant)
    await expect(missing.createBoth()).rejects.toMatchObject({
      code: 'INVALID_MIGRATION',
      message: expect.stringMatching(
        /0001_x\.sql, line 2, creates the extension citext, which is left out.*does not have it\. Apply the shared migrations first.*create extension if not exists "citext"/s,
      ),
    })
    await missing.rows('create extension citext')
    await missing.createBoth()
    expect(await missing.rows(`select count(*)::int from pg_class where relname = 'x'`)).toEqual([{ count: 2 }])
  })

  test('may be created by a migration of the shared schema that is pending in the same run', async () => {
    const [folder, sharedFolder] = [await toolFolder({ '0001_x.sql': 'create table x (id int)' }), await toolFolder({})]
    const tenant = folderMigrations(folder, { extensions: 'shared' })
    const { createBoth, migrations } = await twoTenants(tenant, '', folderMigrations(sharedFolder))
    await createBoth()
    await writeFile(`${folder}/0002_citext.sql`, 'create extension citext; alter table x add title citext')
    const [, first] = (await migrations.run()).entries
    expect(String(first!.error)).toMatch(/0002_citext\.sql, line 1, creates the extension citext/)
    await writeFile(`${sharedFolder}/0001_citext.sql`, 'create extension if not exists citext')
    expect((await migrations.run()).ok).toBe(true)
  })

  test('is looked for in code when the statement is sent', async () => {
    const up = `exports.up = async ({ context }) => { await context.client.query('create extension citext'); await context.client.query('create table x ()') }`
    const tenant = umzugMigrations(await toolFolder({ '1.js': up }), { extensions: 'shared' })
    const { createBoth, rows } = await twoTenants(tenant)
    await expect(createBoth()).rejects.toThrow(/creates the extension citext, which is left out/)
    await rows('create extension citext')
    await createBoth()
  })
})
