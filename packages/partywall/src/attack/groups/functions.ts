/** Functions of PostgreSQL that run a text, read a relation that is named by text, or read files of the server. */
import { group, promises, type Outcome } from './attack.ts'
import { hostile } from './hostile.ts'
import { notTried } from './judging.ts'
import type { World } from './world.ts'

const { fromRole } = promises

export const functions = group('functions', [
  hostile({
    name: 'query-to-xml',
    title: 'read another tenant by a query that is given as text (query_to_xml)',
    promise: fromRole,
    sql: ({ sibling }) => `select query_to_xml('select secret from ${sibling.sql}.notes', true, true, '')::text`,
  }),
  hostile({
    name: 'table-to-xml',
    title: 'read a table of another tenant by its name as text (table_to_xml)',
    promise: fromRole,
    sql: ({ sibling }) => `select table_to_xml('${sibling.sql}.notes', true, true, '')::text`,
  }),
  hostile({
    name: 'schema-to-xml',
    title: 'read all tables of another tenant at once (schema_to_xml)',
    promise: fromRole,
    sql: ({ sibling }) => `select schema_to_xml('${sibling.schema}', true, true, '')::text`,
  }),
  hostile({
    name: 'cursor-to-xml',
    title: 'read another tenant through a cursor that is named by text (cursor_to_xml)',
    promise: fromRole,
    isRolledBack: true,
    sql: ({ sibling }) => [
      `declare stolen cursor for select secret from ${sibling.sql}.notes`,
      `select cursor_to_xml('stolen', 10, true, true, '')::text`,
    ],
  }),
  hostile({
    name: 'ts-stat',
    title: 'read words of another tenant by a query that is given as text (ts_stat)',
    promise: fromRole,
    sql: ({ sibling }) => `select word from ts_stat('select to_tsvector(''simple'', secret) from ${sibling.sql}.notes')`,
  }),
  hostile({
    name: 'read-file',
    title: 'read a file of the server',
    promise: fromRole,
    success: 'runs',
    sql: () => `select length(pg_read_file('PG_VERSION'))`,
  }),
  hostile({
    name: 'list-files',
    title: 'list files of the server',
    promise: fromRole,
    success: 'runs',
    sql: () => `select count(*) from pg_ls_dir('.')`,
  }),
  hostile({
    name: 'copy-file',
    title: 'copy a file of the server into a table',
    promise: fromRole,
    success: 'runs',
    // Its only line is a number, so it can be a key.
    sql: () => `copy notes (id) from 'PG_VERSION'`,
  }),
  hostile({
    name: 'copy-program',
    title: 'run a program on the server',
    promise: fromRole,
    success: 'runs',
    sql: () => `copy notes (id) from program 'echo 4711'`,
  }),
  hostile({
    name: 'dblink',
    title: 'connect back to the server as another role (dblink)',
    promise: fromRole,
    sql: ({ sibling }) =>
      `select secret from dblink(
        'host=127.0.0.1 port=' || current_setting('port') || ' user=' || session_user || ' dbname=' || current_database(),
        'select secret from ${sibling.sql}.notes'
      ) as stolen (secret text)`,
    prepare: (world) => withoutExtension(world, 'dblink'),
  }),
  hostile({
    name: 'foreign-table',
    title: 'reach the server from itself as a foreign server',
    promise: fromRole,
    success: 'runs',
    sql: () => 'create server attack_planted foreign data wrapper postgres_fdw',
    prepare: (world) => withoutExtension(world, 'postgres_fdw'),
  }),
])

export async function withoutExtension({ owner }: World, name: string): Promise<Outcome | undefined> {
  const { rows } = await owner.query({ text: 'select from pg_catalog.pg_extension where extname = $1::text', values: [name] })
  return rows.length === 0 ? notTried(`the extension ${name} is not installed`) : undefined
}
