/** `migrate`: every schema has its turn, and the report names a failed one with all that is needed to continue. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetProject, uniqueSql } from './fleet-project.ts'
import { expectFailure } from '../partywall.ts'

const twice = `insert into t02.polls values ('twice'), ('twice')`
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)!

describe('migrate', () => {
  test('migrates the shared schema and the fleet, survives a tenant that fails, names it, and resumes', async () => {
    const { run, rows, write, folder } = await fleetProject(3)
    await rows(twice)
    await write({ '0002_unique.sql': uniqueSql })
    await writeFiles(folder, { 'migrations/shared/0001_plans.sql': 'create table plans (name text primary key)' })

    const migrated = await run('migrate --concurrency 1')
    expect(migrated.code).toBe(1)
    expect(migrated.stdout).toMatch(/^3 of 4 migrated, 1 failed \(\d.*s\)\nFailed: /)
    expect(lastLine(migrated.stdout)).toBe(
      'Failed: t02: alter table polls add unique (title) at migrations/tenant/0002_unique.sql:4, SQLSTATE 23505. ' +
        'Fix the cause, then finish with: npx partywall migrate --resume',
    )
    expect(migrated.stderr).toMatch(
      /^shared: applied 0001_plans \(\d+ ms\)\nt01: applied 0002_unique \(.*\)\nt02: error MIGRATION_FAILED: .*\n {2}cause: .*\nt03: applied/,
    )

    const again = await run('migrate --resume --json')
    expect(again).toMatchObject({ code: 1, stderr: '' })
    expect(again.json).toMatchObject({
      ok: false,
      runId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      durationMs: expect.any(Number),
      entries: [
        {
          target: 't02',
          tenantId: expect.any(String),
          state: 'failed',
          applied: [],
          error: {
            code: 'MIGRATION_FAILED',
            sqlState: '23505',
            cause: expect.stringContaining('unique'),
            details: { schema: 't02', file: join(folder, 'migrations/tenant/0002_unique.sql'), line: 4 },
          },
        },
      ],
    })

    await rows('delete from t02.polls')
    expect((await run('migrate --resume')).stdout).toMatch(/^1 of 1 migrated \(/)
    expect(await run('migrate --resume')).toMatchObject({ code: 0, stdout: 'nothing to resume: the last run is complete\n' })
    const idle = await run('migrate')
    expect(idle).toMatchObject({ code: 0, stdout: expect.stringMatching(/^4 of 4 up to date \(\d.*\)\n$/), stderr: '' })
  })

  test('migrates the schemas that the flags select', async () => {
    const { run, write } = await fleetProject(3, {
      'partywall.config.ts': `
        import { defineConfig } from 'partywall'
        export default defineConfig({ database: process.env.DATABASE_URL, migrations: { tenant: { big: 'migrations/big' } } })`,
      'migrations/big/0001_big.sql': 'create table big ()',
    })
    await run('tenant create whale --kind big')
    await write({ '0002_more.sql': 'create table more ()', '../big/0002_more.sql': 'create table more ()' })
    const targets = async (call: string): Promise<string[]> =>
      ((await run(`migrate --json ${call}`)).json as { entries: { target: string; applied: string[] }[] }).entries.map(
        ({ target, applied }) => `${target} ${applied.join()}`,
      )
    expect(await targets('--tenant t02 --tenant t01')).toEqual(['t02 0002_more', 't01 0002_more'])
    expect(await targets('--kind big')).toEqual(['whale 0002_more'])
    expect(await targets('--shared')).toEqual(['shared '])
    expect(await targets('--tenants --kind default --to 2')).toEqual(['t01 ', 't02 ', 't03 0002_more'])
    expect(expectFailure(await run('migrate --kind bgi --json'), 2, 'UNKNOWN_KIND').message).toContain('Did you mean "big"?')
    expectFailure(await run('migrate --tenant dune --json'), 1, 'UNKNOWN_TENANT')
    const noSuch = expectFailure(await run('migrate --tenants --kind default --to 0009 --json'), 2, 'INVALID_ARGUMENT')
    expect(noSuch.message).toContain('"0009"')
    const several = expectFailure(await run('migrate --tenants --to 0002 --json'), 2, 'INVALID_ARGUMENT')
    expect(several.message).toMatch(/^--to names a migration of one folder.*--shared, --tenants, or --kind/)
  })
})

describe('the policies of migrate', () => {
  test('stop it after the canaries, at the first failure, after n failures, and at the deadline', async () => {
    const { run, rows, write } = await fleetProject(6)
    await rows(twice)
    await rows(twice.replace('t02', 't04'))
    await write({ '0002_unique.sql': uniqueSql })
    const states = async (flags: string): Promise<string> => {
      const { json, stderr } = await run(`migrate --tenants --concurrency 1 --json ${flags}`)
      expect(stderr).toBe('')
      return (json.entries as { state: string; applied: string[] }[])
        .map(({ state, applied }) => (applied.length > 0 ? 'applied' : state))
        .join(' ')
    }
    expect(await states('--canary 2')).toBe('applied failed skipped skipped skipped skipped')
    expect(await states('--on-failure stop')).toBe('done failed skipped skipped skipped skipped')
    expect(await states('--max-failures 2')).toBe('done failed applied failed skipped skipped')
    await rows('delete from t02.polls; delete from t04.polls')
    expect(await states('--deadline 1ms')).toBe('done skipped done skipped skipped skipped')
    const late = await run('migrate --tenants --deadline 1')
    expect(late).toMatchObject({ code: 1 })
    expect(lastLine(late.stdout)).toMatch(
      /^Skipped because the deadline passed: 4\. Finish with: npx partywall migrate --resume$/,
    )
    expect((await run('migrate --resume --concurrency 5 --canary 1')).code).toBe(0)
    expect((await run('migrate --check')).code).toBe(0)
  })

  test('limit how long it waits for locks and statements', async () => {
    const { run, rows, write } = await fleetProject(1)
    await write({ '0002_more.sql': 'alter table polls add column more text' })
    await rows('begin; lock table t01.polls in access share mode')
    const locked = await run('migrate --lock-timeout 50ms --retries 1 --json')
    expect(locked.json.entries[1].error).toMatchObject({ sqlState: '55P03' })
    await rows('rollback')
    await write({ '0003_slow.sql': 'select pg_sleep(20)' })
    const slow = await run('migrate --statement-timeout 0.2s --json')
    expect(slow.json.entries[1].error).toMatchObject({ sqlState: '57014' })
  })
})

test('migrate prints the command that resumes with the same config, once a run has started', async () => {
  const { run, rows, write, folder } = await fleetProject(2)
  await rows(twice)
  await writeFiles(folder, {
    'other config.ts': `import { defineConfig } from 'partywall'
      export default defineConfig({ database: process.env.DATABASE_URL })`,
  })
  await write({ '0002_unique.sql': uniqueSql })
  const failed = await run(['migrate', '--config', 'other config.ts'])
  expect(lastLine(failed.stdout)).toContain('npx partywall migrate --resume --config "other config.ts"')
  await write({ '0003 bad.sql': 'x' })
  const refused = await run('migrate')
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^error INVALID_MIGRATION: /) })
  expect(refused.stderr).not.toContain('--resume')
  await rm(join(folder, 'migrations/tenant/0003 bad.sql'))
  await rows('alter table partywall.migration_run_entries rename to gone')
  const broken = await run('migrate')
  expect(broken.code).toBe(1)
  expect(broken.stderr).toMatch(
    /^Completed schemas keep their migrations. Finish the rest with: npx partywall migrate --resume\nerror DATABASE_ERROR: /,
  )
})
