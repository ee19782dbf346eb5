/** `migrate down`: rolls back what the files say how to roll back, in the named schemas alone. */
import { expect, test } from 'vitest'
import { fleetProject } from './fleet-project.ts'

const moreSql = 'create table more ();\n-- partywall: down\ndrop table more;'

test('migrate down rolls back to a migration, and --plan shows it first', async () => {
  const { run, rows } = await fleetProject(2, { 'migrations/tenant/0002_more.sql': moreSql })
  const plan = await run('migrate down --tenants --to 0001 --plan')
  expect(plan.code).toBe(0)
  expect(plan.stdout).toBe(`-- 2 schemas (t01, t02): 1 migration to roll back of migrations/tenant

-- 0002_more, migrations/tenant/0002_more.sql
drop table more;
`)
  expect((await run('migrate down --tenant t01 --to 0 --plan --json')).json).toMatchObject({
    groups: [{ direction: 'down', pending: [{ name: '0002_more' }, { name: '0001_polls' }], targets: ['t01'] }],
  })
  expect((await run('migrate --check')).code).toBe(0)

  const down = await run('migrate down --tenants --to 1')
  expect(down).toMatchObject({ code: 0, stdout: expect.stringMatching(/^2 of 2 rolled back \(/) })
  expect(down.stderr).toMatch(/^t0[12]: rolled back 0002_more \(.*\)\nt0[12]: rolled back 0002_more \(.*\)\n$/)
  expect(await run('migrate down --tenants --to 0001')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^2 of 2 with nothing to roll back \(/),
  })
  expect((await run('migrate down --tenant t01 --to 0 --json')).json.entries).toMatchObject([
    { target: 't01', state: 'done', applied: ['0001_polls'] },
  ])
  expect(await rows(`select nspname from pg_class join pg_namespace n on n.oid = relnamespace where relname = 'polls'`)).toEqual([
    { nspname: 't02' },
  ])
})

test('migrate down is refused where a file has no down migration, before any schema is changed', async () => {
  const { run, rows } = await fleetProject(1, {
    'migrations/tenant/0002_once.sql': 'create table once ()',
    'migrations/tenant/0003_more.sql': moreSql,
  })
  const plan = await run('migrate down --tenants --to 0001 --plan')
  expect(plan.code).toBe(1)
  expect(plan.stdout).toMatch(
    /-- 1 schema cannot be migrated:\n-- {3}t01: INVALID_MIGRATION: .*0002_once\.sql has no down migration, so the schema "t01" was not rolled back\./,
  )
  const down = await run('migrate down --tenants --to 0001')
  expect(down.code).toBe(1)
  expect(down.stdout).toMatch(
    /^0 of 1 rolled back, 1 failed .*\nFailed: t01: INVALID_MIGRATION at migrations\/tenant\/0002_once\.sql\. /,
  )
  expect(await rows('select 1 as there from t01.more')).toEqual([])
})

test('migrate --resume keeps the direction of the run', async () => {
  const { run, rows } = await fleetProject(3, { 'migrations/tenant/0002_more.sql': moreSql })
  await rows('create view t02.on_more as select * from t02.more')
  const down = await run('migrate down --tenants --to 0001 --json')
  expect(down).toMatchObject({ code: 1, stderr: '' })
  expect(down.json.entries.map(({ state }: { state: string }) => state)).toEqual(['done', 'failed', 'done'])
  await rows('drop view t02.on_more')
  const resumed = await run('migrate --resume')
  expect(resumed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1 of 1 rolled back \(/) })
  expect(resumed.stderr).toMatch(/^t02: rolled back 0002_more/)
})
