/** `tenant adopt` and `tenant release`: what moves is shown, and a person agrees, before it moves. */
import { Client } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project } from '../partywall.ts'

const { url, directUrl } = await testDatabase()
const admin = new Client({ connectionString: directUrl })
await admin.connect()
afterAll(() => admin.end())

test('tenant adopt shows the plan, moves the tables when it is confirmed, and tenant release brings them back', async () => {
  const { run } = await project(url, {
    'migrations/tenant/0001_polls.sql': 'create table polls_question (id serial primary key, text text)',
  })
  await admin.query(`
    create table plans (id int); create table polls_question (id serial primary key, text text); create view report as select q.id from polls_question q, plans;
    insert into polls_question (text) values ('why?'); grant select on polls_question to pg_monitor`)
  const call = ['tenant', 'adopt', 'ferrari', '--tables', 'polls_*']
  const refused = await run([...call, '--json'])
  expect(expectFailure(refused, 1, 'ADOPTION_REFUSED').message).toContain(
    'rule _RETURN on view public.report stays, and uses table public.polls_question',
  )
  await admin.query('drop view report')
  const [planned, asked, wrong] = await Promise.all([
    run([...call, '--plan', '--json']),
    run([...call, '--json']),
    run([...call, '--confirm', 'polls', '--json']),
  ])
  expect(planned).toMatchObject({
    code: 0,
    json: {
      schema: 'ferrari',
      refused: [],
      recorded: ['0001_polls'],
      moves: [{ kind: 'table', name: 'polls_question', rows: 1 }],
    },
  })
  expectFailure(asked, 2, 'MISSING_ANSWER')
  expect(asked.stderr).toMatch(/1 objects? move from public to ferrari:\n.*kind.*\n *table +polls_question +1 /)
  expectFailure(wrong, 2, 'USAGE')
  expect((await admin.query(`select to_regclass('polls_question') is null as gone`)).rows).toEqual([{ gone: false }])
  const adopted = await run([...call, '--confirm', 'ferrari', '--domain', 'ferrari.example.com', '--json'])
  expect(adopted).toMatchObject({
    code: 0,
    json: { schema: 'ferrari', differences: [], migrations: { head: '0001_polls', pending: [] } },
  })
  expect(
    (await run(['sql', '--tenant', 'ferrari', 'insert into polls_question (text) values (null) returning id', '--json'])).stdout,
  ).toContain('2')
  expect(
    (
      await admin.query(
        `select relacl::text ~ 'pg_monitor=r' as kept from pg_class where oid = 'ferrari.polls_question'::regclass`,
      )
    ).rows,
  ).toEqual([{ kept: true }])
  expectFailure(await run('tenant release ferrari --json'), 2, 'MISSING_ANSWER')
  expect(await run('tenant release ferrari --confirm ferrari')).toMatchObject({ code: 0, stdout: 'released ferrari\n' })
  expect((await admin.query('select count(*)::int from public.polls_question')).rows).toEqual([{ count: 2 }])
})

test('tenant adopt takes a fleet by a pattern, and names the schemas that failed', async () => {
  const { run } = await project(url, { 'migrations/tenant/0001_books.sql': 'create table books (id int)' })
  await admin.query('create schema t_1; create table t_1.books (id int); create schema "T_2"; create table "T_2".books (id text)')
  const planned = await run(['tenant', 'adopt', '--like', 't_%', '--plan'])
  expect(planned).toMatchObject({
    code: 0,
    stdout: '1 schemas would be adopted, 0 of them only with --accept; 0 are tenants already\n',
  })
  const one = await run([
    'tenant',
    'adopt',
    '--query',
    `select nspname as schema from pg_namespace where nspname ilike 't\\_%'`,
    '--json',
  ])
  expect(one.code).toBe(1)
  expect(one.json).toMatchObject({
    ok: false,
    entries: [
      { target: 'T_2', state: 'failed', error: { code: 'ADOPTION_REFUSED' } },
      { target: 't_1', state: 'done' },
    ],
  })
  expect(one.stderr).toContain('books.id')
  expect(await run(['tenant', 'adopt', 'T_2', '--in-place', '--accept'])).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('differs from its migrations'),
  })
  expect(await run(['tenant', 'show', 'T_2', '--json'])).toMatchObject({ code: 0, json: { schema: 'T_2' } })
})
