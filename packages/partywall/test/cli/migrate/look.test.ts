/** `migrate --plan`, `--check`, `status` and `--verify`, which change nothing, and `--fake`, which changes only the history. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetProject, uniqueSql } from './fleet-project.ts'

test('migrate --plan shows what would be applied where, each SQL once, and changes nothing', async () => {
  const { run, write, folder, rows } = await fleetProject(3)
  await write({ '0002_unique.sql': uniqueSql })
  await run('migrate --tenant t01')
  await write({ '0003_code.ts': 'export const up = () => {}', '0004_evil.sql': 'select 1;\n\tselect 2 -- \u001b[2J' })
  const plan = await run('migrate --plan')
  expect(plan).toMatchObject({ code: 0, stderr: '' })
  expect(plan.stdout).toBe(`-- t01: 2 migrations of migrations/tenant

-- 0003_code, migrations/tenant/0003_code.ts: code, not SQL

-- 0004_evil, migrations/tenant/0004_evil.sql
select 1;
\tselect 2 -- \\u001b[2J

-- 2 schemas (t02, t03): 3 migrations of migrations/tenant

-- 0002_unique, migrations/tenant/0002_unique.sql
${uniqueSql}

-- 0003_code, migrations/tenant/0003_code.ts: code, not SQL

-- 0004_evil, migrations/tenant/0004_evil.sql: as above
`)
  const document = await run('migrate --plan --json --tenant t02 --to 0002')
  expect(document).toMatchObject({ code: 0, stderr: '' })
  expect(document.json).toEqual({
    groups: [
      {
        source: join(folder, 'migrations/tenant'),
        direction: 'up',
        pending: [{ name: '0002_unique', file: join(folder, 'migrations/tenant/0002_unique.sql'), text: uniqueSql }],
        targets: ['t02'],
      },
    ],
    problems: [],
  })
  expect(await rows(`select nspname from pg_class join pg_namespace n on n.oid = relnamespace where relname = 'extra'`)).toEqual([
    { nspname: 't01' },
  ])
  await rows('drop schema t03 cascade')
  const broken = await run('migrate --plan --to 0002 --tenant t01 --tenant t03')
  expect(broken.code).toBe(1)
  expect(broken.stdout).toMatch(/^-- nothing is pending\n\n-- 1 schema cannot be migrated:\n-- {3}t03: SCHEMA_MISSING: .*\n$/)
})

test('migrate --check is exit code 1 when something is pending or cannot be migrated', async () => {
  const { run, write, rows } = await fleetProject(3)
  expect(await run('migrate --check')).toMatchObject({ code: 0, stdout: '4 of 4 up to date\n', stderr: '' })
  expect((await run('migrate --check --json')).json).toEqual({ ok: true, schemas: 4, behind: [] })
  await write({ '0002_unique.sql': uniqueSql })
  await run('migrate --tenant t01')
  const behind = await run('migrate --check')
  expect(behind).toMatchObject({ code: 1, stdout: '2 of 4 up to date\npending in 2: t02, t03\n', stderr: '' })
  expect((await run('migrate --check --tenant t01')).code).toBe(0)
  expect((await run('migrate --check --tenants --to 0001')).code).toBe(0)
  await rows('drop schema t02 cascade')
  const broken = await run('migrate --check --json')
  expect(broken.code).toBe(1)
  expect(broken.json).toMatchObject({
    ok: false,
    schemas: 4,
    behind: [
      { target: 't02', problem: { code: 'SCHEMA_MISSING' } },
      { target: 't03', pending: ['0002_unique'] },
    ],
  })
  expect((await run('migrate --check')).stdout).toMatch(
    /^2 of 4 up to date\npending in 1: t03\n1 schema cannot be migrated:\n {2}t02: SCHEMA_MISSING: .*\n$/,
  )
})

test('migrate status has a line for each last migration, and names the schemas with a problem', async () => {
  const { run, write, rows, folder } = await fleetProject(8)
  await write({ '0002_unique.sql': uniqueSql, '0003_more.sql': 'create table more ()' })
  await writeFiles(folder, { 'migrations/shared/0001_plans.sql': 'create table plans ()' })
  await run('migrate --tenant t02 --tenant t03')
  const status = await run('migrate status')
  expect(status).toMatchObject({ code: 0, stderr: '' })
  expect(status.stdout.split('\n')).toEqual([
    'source             head        applied  pending                 schemas  which',
    'migrations/shared  none              0  0001_plans                    1  shared',
    'migrations/tenant  0003_more         3  -                             2  t02, t03',
    'migrations/tenant  0001_polls        1  0002_unique, 0003_more        6  t01, t04, t05, t06, t07 and 1 more',
    '',
  ])
  const { json } = await run('migrate status --json')
  expect(json).toHaveLength(9)
  expect(json[1]).toEqual({
    target: 't01',
    tenantId: expect.any(String),
    source: join(folder, 'migrations/tenant'),
    head: '0001_polls',
    applied: 1,
    pending: ['0002_unique', '0003_more'],
    ahead: [],
  })
  expect((await run('tenant show t01 --json')).json.migrations).toMatchObject({ head: '0001_polls', applied: 1 })
  expect((await run('tenant show t01')).stdout).toContain('0001_polls (1 applied, 2 pending)')

  await rows('drop table t04.partywall_migrations; drop schema t05 cascade')
  await rm(join(folder, 'migrations/tenant/0003_more.sql'))
  const broken = await run('migrate status --tenants')
  expect(broken.code).toBe(1)
  expect(broken.stdout).toMatch(
    /^source .*\nmigrations\/tenant {2}0003_more {9}3 {2}- {18}2 {2}t02, t03\nmigrations\/tenant {2}0001_polls {8}1 {2}0002_unique {8}4 {2}t01, t06, t07, t08\n2 schemas are ahead of these files: t02, t03. A newer deploy applied 0003_more; nothing has to be done.\n2 schemas cannot be migrated:\n {2}t04: HISTORY_MISSING: .*\n {2}t05: SCHEMA_MISSING: .*\n$/,
  )
})

test('migrate and its --check tell which schemas are ahead of the files, and which names are in both scopes', async () => {
  const { run, write, rows, folder } = await fleetProject(2)
  await write({ '0002_more.sql': 'create table more ()' })
  await run('migrate')
  await rm(join(folder, 'migrations/tenant/0002_more.sql'))
  const migrated = await run('migrate')
  expect(migrated).toMatchObject({ code: 0, stderr: '' })
  expect(migrated.stdout).toMatch(
    /^3 of 3 up to date \(.*\)\nahead of these files: t01, t02; a newer deploy applied 0002_more\n$/,
  )
  const ahead = '2 schemas are ahead of these files: t01, t02. A newer deploy applied 0002_more; nothing has to be done.'
  expect(await run('migrate --check')).toMatchObject({ code: 0, stdout: `3 of 3 up to date\n${ahead}\n` })
  await rows('create table public.more (); create table public.polls (); drop table t02.more')
  const check = await run('migrate --check --json')
  expect(check).toMatchObject({ code: 1, json: { ok: false, behind: [], ahead: [{ target: 't01' }, { target: 't02' }] } })
  expect(check.json).toMatchObject({
    bothScopes: [
      { target: 't01', shadowing: ['more', 'polls'] },
      { target: 't02', shadowing: ['polls'], fallingThrough: ['more'] },
    ],
  })
  const plan = (await run('migrate --plan')).stdout
  expect(plan.split('\n').slice(2)).toEqual([
    `-- ${ahead}`,
    '-- more is in the shared schema and in t01: rename one of them, or list the name in migrations.shadowed',
    '-- polls is in the shared schema and in t01, t02: rename one of them, or list the name in migrations.shadowed',
    '-- more is missing in t02, so queries there use that of the shared schema; other tenants with the same migrations have it',
    '',
  ])
})

test('migrate --verify reads the history tables, and reports where digest and rows disagree', async () => {
  const { run, write, rows } = await fleetProject(3)
  await rows(`update t02.partywall_migrations set name = '0001_other'`)
  expect((await run('migrate status')).code).toBe(0)
  const status = await run('migrate status --verify')
  expect(status.code).toBe(1)
  expect(status.stdout).toMatch(/\n1 schema cannot be migrated:\n {2}t02: HISTORY_DISAGREES: .*\n$/)
  expect((await run('migrate --check --verify')).code).toBe(1)
  await write({ '0002_unique.sql': uniqueSql })
  const migrated = await run('migrate --verify')
  expect(migrated.code).toBe(1)
  expect(migrated.stdout).toMatch(
    /^2 of 4 migrated, 1 up to date, 1 failed .*\nFailed: t02: HISTORY_DISAGREES, The history .*--resume\n$/,
  )
})

test('migrate --fake records pending migrations without running them, which fixes a lost history', async () => {
  const { run, rows, write } = await fleetProject(2)
  await rows('drop table t02.partywall_migrations')
  await write({ '0002_unique.sql': uniqueSql })
  const failed = await run('migrate')
  expect(failed.code).toBe(1)
  expect(failed.stdout).toContain('Failed: t02: HISTORY_MISSING, ')
  expect(failed.stderr).toContain('npx partywall migrate --fake --tenant t02 --to <migration>')

  const faked = await run('migrate --fake --tenant t02 --to 0001')
  expect(faked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1 of 1 recorded as applied \(/) })
  expect(faked.stderr).toMatch(/^t02: recorded 0001_polls \(/)
  expect((await run('migrate')).code).toBe(0)
  expect(await rows('select name from t02.partywall_migrations order by position')).toEqual([
    { name: '0001_polls' },
    { name: '0002_unique' },
  ])
})
