import { expect, test } from 'vitest'
import { leavesRole } from './leaves-role.ts'
import { splitStatements } from './lexer.ts'

test.each([
  ['reset role; select * from globex.projects', 'A text of several statements'],
  ['select 1;;select 2', 'A text of several statements'],
  ['/* x */ do $$ begin end $$', 'DO'],
  ['set role other', 'SET ROLE'],
  ['SET LOCAL ROLE other', 'SET ROLE'],
  ['set session role none', 'SET ROLE'],
  ["set session session authorization 'x'", 'SET SESSION AUTHORIZATION'],
  ['set "role" to other', 'SET ROLE'],
  ['reset role', 'RESET ROLE'],
  ['reset all', 'RESET ALL'],
  ['reset session authorization', 'RESET SESSION'],
  ['discard all', 'DISCARD ALL'],
  ['create function pg_temp.f() returns int language sql as $$ select 1 $$', 'CREATE FUNCTION'],
  ['create or replace procedure p() language sql as $$ $$', 'CREATE PROCEDURE'],
  ['alter function f() set role = other', 'ALTER FUNCTION'],
  ['create event trigger t on ddl_command_start execute function f()', 'CREATE EVENT'],
  ['create extension dblink', 'CREATE EXTENSION'],
])('%s', (text, how) => {
  expect(leavesRole(splitStatements(text))).toBe(how)
})

test.each([
  'select 1',
  'select 1;',
  "with x as (select 'do; set role other') select * from x",
  'set local statement_timeout to 5',
  'set transaction read only',
  'set constraints all deferred',
  'create temp table t (role int)',
  "call book('reset role')",
  "insert into notes values ('create function')",
])('%s keeps the role', (text) => {
  expect(leavesRole(splitStatements(text))).toBeUndefined()
})
