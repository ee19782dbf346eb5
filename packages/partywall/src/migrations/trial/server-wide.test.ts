import { expect, test } from 'vitest'
import { loadGrammar } from '../statements/grammar.ts'
import { serverWide } from './server-wide.ts'

test('statements about roles, other databases and the server are found, also in DO blocks', async () => {
  const grammar = await loadGrammar()
  const found = (statement: string): boolean => serverWide(grammar, statement) !== undefined
  for (const statement of [
    'create role app',
    'create user app',
    "alter role app set search_path = 'x'",
    'drop role app',
    'grant app to other',
    'reassign owned by app to other',
    'drop owned by app',
    'create database other',
    'drop database other',
    'alter database other set x.y = 1',
    "alter system set work_mem = '1GB'",
    "create tablespace space location '/tmp'",
    'do $$ begin if not exists (select from pg_roles) then create role app; end if; end $$',
    "do $$ begin execute 'create role ' || 'app'; end $$",
  ]) {
    expect([statement, found(statement)]).toEqual([statement, true])
  }
  for (const statement of [
    'create table role (database text)',
    'grant select on books to public',
    'create schema extra',
    "do $$ begin execute 'create table role ()'; end $$",
    'select * from pg_database',
  ]) {
    expect([statement, found(statement)]).toEqual([statement, false])
  }
})
