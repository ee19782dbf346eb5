/** Guards of migrations: queries on the catalogs that would find the objects of another tenant. */
import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { folderMigrations } from '../../../src/migrations/sources/folder/folder.ts'
import { knexMigrations } from '../../../src/orm/knex.ts'
import { kyselyMigrations } from '../../../src/orm/kysely.ts'
import { toolFolder } from '../../support/migrations/fixtures.ts'
import { twoTenants } from './two-tenants.ts'

const objects = (schema: string): string => `
  select 'column' as of, table_name || '.' || column_name as name from information_schema.columns where table_schema = '${schema}'
  union all select 'constraint', conname from pg_constraint where connamespace = '${schema}'::regnamespace and contype in ('c', 'f', 'u')
  union all select 'index', indexname from pg_indexes where schemaname = '${schema}' and indexname not like 'partywall%'
  union all select 'trigger', tgname from pg_trigger join pg_class c on c.oid = tgrelid where relnamespace = '${schema}'::regnamespace and not tgisinternal
  union all select 'label', enumlabel from pg_enum join pg_type t on t.oid = enumtypid where typnamespace = '${schema}'::regnamespace
  union all select 'function', proname from pg_proc where pronamespace = '${schema}'::regnamespace
  order by 1, 2`

const guarded = (guard: string, statement: string): string =>
  `do $$ begin if not exists (${guard}) then ${statement}; end if; end $$;`

describe('a guard', () => {
  test('gives every tenant the same structure', async () => {
    const { rows, createBoth } = await twoTenants(
      folderMigrations(
        await toolFolder({
          '0001_start.sql': `create table books (id int, metadata text);
            ${guarded(`select from pg_type where typname = 'mood'`, `create type mood as enum ('calm')`)}`,
          '0002_guards.sql': [
            guarded(
              `select from pg_constraint where conname = 'positive'`,
              'alter table books add constraint positive check (id > 0)',
            ),
            guarded(
              `select from information_schema.table_constraints where constraint_name = 'one'`,
              'alter table books add constraint one unique (id)',
            ),
            guarded(
              `select from information_schema.columns where table_name = 'books' and column_name = 'title'`,
              'alter table books add title text',
            ),
            guarded(
              `select from pg_attribute a join pg_class c on c.oid = a.attrelid where relname = 'books' and attname = 'pages'`,
              'alter table books add pages int',
            ),
            guarded(`select from pg_indexes where indexname = 'by_title'`, 'create index by_title on books (title)'),
            guarded(
              `select from pg_class where relname = 'by_pages' and relkind = 'i'`,
              `execute 'create index by_pages on books (pages)'`,
            ),
            guarded(
              `select from pg_proc where proname = 'nothing'`,
              `create function nothing() returns trigger language plpgsql as 'begin return null; end'`,
            ),
            guarded(
              `select from pg_trigger where tgname = 'watch'`,
              'create trigger watch after insert on books execute function nothing()',
            ),
            guarded(`select from pg_tables where tablename = 'shelves'`, 'create table shelves (id int)'),
            `insert into books (id) select 1 where not exists (select from information_schema.tables where table_name = 'rooms');`,
          ].join('\n'),
          '0003_label.sql': guarded(
            `select from pg_enum e join pg_type t on t.oid = e.enumtypid where t.typname = 'mood' and e.enumlabel = 'wild'`,
            `alter type mood add value 'wild'`,
          ),
        }),
      ),
    )
    await createBoth()
    const [acme, globex] = [await rows(objects('acme')), await rows(objects('globex'))]
    expect(globex).toEqual(acme)
    expect(acme.map(({ of, name }) => `${of} ${name}`)).toEqual(
      expect.arrayContaining([
        'column books.pages',
        'column books.title',
        'column shelves.id',
        'constraint one',
        'constraint positive',
        'function nothing',
        'index by_pages',
        'index by_title',
        'label calm',
        'label wild',
        'trigger watch',
      ]),
    )
    expect(await rows('select id from acme.books union all select id from globex.books')).toHaveLength(2)
  })

  test("with the schema 'public' keeps the data of every tenant: a column that is renamed is not dropped", async () => {
    const folder = await toolFolder({ '0001_logs.sql': `create table logs (metadata text)` })
    const { rows, migrations, createBoth } = await twoTenants(folderMigrations(folder, { public: 'rewrite' }))
    await createBoth()
    await rows(`insert into acme.logs values ('a'); insert into globex.logs values ('g')`)
    await writeFile(
      `${folder}/0002_rename.sql`,
      `do $$ begin
        if exists (select 1 from information_schema.columns where table_schema = 'public' and table_name = 'logs' and column_name = 'metadata')
        then execute 'alter table logs rename column metadata to execution_data'; end if;
      end $$;
      alter table logs add column if not exists execution_data text;
      alter table logs drop column if exists metadata;`,
    )
    expect((await migrations.run()).ok).toBe(true)
    expect(await rows('select execution_data from acme.logs union all select execution_data from globex.logs')).toEqual([
      { execution_data: 'a' },
      { execution_data: 'g' },
    ])
  })

  test("with the schema 'public' is refused by default, with its line and what to write", async () => {
    const text = `select 1;\nselect from pg_tables where schemaname = 'public'`
    const source = folderMigrations(await toolFolder({ '0001_x.sql': text }))
    const { createBoth } = await twoTenants(source)
    await expect(createBoth()).rejects.toMatchObject({
      code: 'INVALID_MIGRATION',
      message: expect.stringMatching(/0001_x\.sql has in line 2 a comparison of schemaname with 'public'.*current_schema\(\)/s),
    })
  })

  test('of code is limited, too: Kysely and Knex see the tables of the tenant alone', async () => {
    const kysely = kyselyMigrations(
      await toolFolder({
        '1.ts': `import { sql } from 'kysely'
          export async function up(db) {
            const tables = await db.introspection.getTables()
            await db.schema.createTable('seen').addColumn('names', 'text').execute()
            await db.insertInto('seen').values({ names: tables.map(({ schema, name }) => schema + '.' + name).join() }).execute()
            const found = await sql\`select 1 from pg_tables where schemaname = \${'public'} and tablename = 'seen'\`.execute(db)
            if (found.rows.length !== 1) throw new Error('not found')
          }`,
      }),
    )
    const { rows, createBoth } = await twoTenants(kysely)
    await createBoth()
    expect(await rows('select names from acme.seen union all select names from globex.seen')).toEqual([
      { names: expect.stringMatching(/^(?:acme\.partywall_migrations)?$/) },
      { names: expect.stringMatching(/^(?:globex\.partywall_migrations)?$/) },
    ])
    const knex = knexMigrations(
      await toolFolder({
        '1.js': `exports.up = async (knex) => {
          if (await knex.schema.hasTable('books')) throw new Error('seen')
          await knex.schema.createTable('books', (table) => { table.integer('id') })
          if (await knex.schema.hasColumn('books', 'title')) throw new Error('seen')
          await knex.schema.table('books', (table) => { table.text('title') })
        }
        exports.down = async () => {}`,
      }),
    )
    const second = await twoTenants(knex)
    await second.createBoth()
    expect(
      await second.rows(`select table_schema from information_schema.columns where column_name = 'title' order by 1`),
    ).toEqual([{ table_schema: 'acme' }, { table_schema: 'globex' }])
  })
})
