/** The attacker changes the structure of the other tenant, or makes something of its own that reaches there. All of it is rolled back. */
import { group, promises } from './attack.ts'
import { hostile } from './hostile.ts'
import type { World } from './world.ts'

const { fromRole } = promises

const runs = (name: string, title: string, sql: (world: World) => string | readonly string[]) =>
  hostile({ name, title, sql, promise: fromRole, success: 'runs' })

export const structure = group('structure', [
  runs('create-view', 'make a view over a table of another tenant', ({ mine, sibling }) => [
    `create view ${mine.sql}.stolen as select secret from ${sibling.sql}.notes`,
    `select secret from ${mine.sql}.stolen`,
  ]),
  runs(
    'replace-view',
    'replace a view of another tenant',
    ({ mine, sibling }) =>
      `create or replace view ${sibling.sql}.secrets as select secret, secret as code from ${mine.sql}.notes`,
  ),
  runs(
    'create-table',
    'make a table in the schema of another tenant',
    ({ sibling }) => `create table ${sibling.sql}.planted (id integer)`,
  ),
  runs(
    'foreign-key',
    'learn which keys another tenant has, by a foreign key',
    ({ mine, sibling }) => `alter table ${mine.sql}.notes add foreign key (id) references ${sibling.sql}.notes`,
  ),
  runs('trigger', 'put a trigger on a table of another tenant', ({ mine, sibling }) => [
    `create function ${mine.sql}.spy() returns trigger language plpgsql as 'begin return new; end'`,
    `create trigger spy before insert on ${sibling.sql}.notes for each row execute function ${mine.sql}.spy()`,
  ]),
  runs(
    'rule',
    'put a rule on a table of another tenant',
    ({ sibling }) => `create rule spy as on insert to ${sibling.sql}.notes do instead nothing`,
  ),
  runs('function-owner', "plant a function that runs with its owner's rights", ({ mine, sibling }) => [
    `create function ${mine.sql}.planted() returns text security definer language sql as 'select secret from ${sibling.sql}.notes limit 1'`,
    `select ${mine.sql}.planted()`,
  ]),
  runs('function-path', 'plant a function with a search path of another tenant', ({ mine, sibling }) => [
    `create function ${mine.sql}.planted() returns text set search_path = ${sibling.sql} language plpgsql as 'begin return (select secret from notes limit 1); end'`,
    `select ${mine.sql}.planted()`,
  ]),
  runs(
    'publication',
    'publish a table of another tenant to a replica',
    ({ sibling }) => `create publication attack_planted for table ${sibling.sql}.notes`,
  ),
  runs(
    'subscription',
    'subscribe to the changes of another server',
    () =>
      `create subscription attack_planted connection 'dbname=attack_planted' publication attack_planted with (connect = false)`,
  ),
  runs('event-trigger', 'put a trigger on the whole database', ({ mine }) => [
    `create function ${mine.sql}.spy() returns event_trigger language plpgsql as 'begin end'`,
    `create event trigger attack_planted on ddl_command_end execute function ${mine.sql}.spy()`,
  ]),
  runs(
    'statistics',
    'make statistics over columns of another tenant',
    ({ mine, sibling }) => `create statistics ${mine.sql}.planted on id, secret from ${sibling.sql}.notes`,
  ),
  runs('drop-schema', 'drop the schema of another tenant', ({ sibling }) => `drop schema ${sibling.sql} cascade`),
  runs(
    'rename-schema',
    'rename the schema of another tenant',
    ({ sibling }) => `alter schema ${sibling.sql} rename to attack_renamed`,
  ),
  runs('create-schema', 'make a schema', () => 'create schema attack_planted'),
  runs('create-extension', 'install an extension that reads files of the server', () => 'create extension file_fdw'),
])
