/** Ctrl-C and kill while a fleet is migrated: the first signal stops the run and leaves a report, the second one cancels what runs. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { fleetProject, type FleetProject } from './fleet-project.ts'
import { ended } from '../partywall.ts'

const resume = 'npx partywall migrate --resume'

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s lets running schemas finish, starts no other, and the report says how to continue',
  async (signal) => {
    const project = await slowProject(25, 0.3)
    const child = project.start('migrate --concurrency 2')
    const end = ended(child)
    await running(project, 2)
    child.kill(signal)
    const { code, stdout, stderr } = await end
    const count = (await done(project)).length
    expect(count).toBeGreaterThanOrEqual(2)
    expect(count).toBeLessThan(25)
    // The shared schema has an entry, too.
    expect(stdout).toMatch(new RegExp(`^${count} of 26 migrated, 1 up to date, ${25 - count} skipped \\(.*\\)\n`))
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      `Skipped because the run was interrupted: ${25 - count}. Finish with: ${resume}`,
    )
    expect(stderr).toMatch(
      new RegExp(
        `^migrating 25 schemas\n${signal}: no further schema starts; waiting for t\\d\\d(?:, t\\d\\d)? to finish. ` +
          `A second signal exits at once. Finish the rest with: ${resume}\n$`,
      ),
    )
    expect(code).toBe(1)
    const resumed = await project.run('migrate --resume --json')
    expect(resumed.json).toMatchObject({ ok: true })
    expect(resumed.json.entries).toHaveLength(25 - count)
    expect(await done(project)).toHaveLength(25)
  },
)

test('a signal during migrate --json leaves the report alone, which says that it was aborted', async () => {
  const project = await slowProject(3, 0.5)
  const child = project.start('migrate --concurrency 1 --json')
  const end = ended(child)
  await running(project, 1)
  child.kill('SIGINT')
  const { code, json, stderr } = await end
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  expect(json).toMatchObject({ ok: false, aborted: true, runId: expect.any(String) })
  expect(json.entries.map(({ state }: { state: string }) => state)).toEqual(['done', 'done', 'skipped', 'skipped'])
})

test('a signal while the last schemas run changes nothing: the run is complete', async () => {
  const project = await slowProject(2, 0.5)
  const child = project.start('migrate --concurrency 2')
  const end = ended(child)
  await running(project, 2)
  child.kill('SIGINT')
  expect(await end).toMatchObject({ code: 0, stdout: expect.stringMatching(/^2 of 3 migrated, 1 up to date \(.*\)\n$/) })
})

test('a second signal cancels the running statements and ends; one that npx passes on is not a second one', async () => {
  const project = await slowProject(2, 20)
  const child = project.start('migrate --concurrency 1')
  const end = ended(child)
  await running(project, 1)
  child.kill('SIGINT')
  await once(child.stderr!, 'data')
  child.kill('SIGINT')
  await sleep(1100)
  expect(child.exitCode).toBeNull()
  const from = performance.now()
  child.kill('SIGTERM')
  expect(await end).toMatchObject({ code: 143, stderr: expect.stringContaining('error INTERRUPTED: Interrupted by SIGTERM.') })
  expect(performance.now() - from).toBeLessThan(10_000)
  const sleepers = `select pid from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
  expect(await project.rows(sleepers)).toEqual([])
  expect(await done(project)).toEqual([])
  await project.write({ '0002_slow.sql': 'create table slow ()' })
  expect((await project.run('migrate --resume --json')).json).toMatchObject({ ok: true })
})

test('a signal before the run starts ends migrate like any other command', async () => {
  const project = await slowProject(1, 0)
  // The files are read before the run starts.
  await project.write({
    '0003_late.ts': 'await new Promise((resolve) => setTimeout(resolve, 20_000))\nexport const up = () => {}',
  })
  const child = project.start('migrate')
  const end = ended(child)
  await waitForStart(child, project)
  child.kill('SIGINT')
  expect(await end).toEqual(
    expect.objectContaining({ code: 130, stdout: '', stderr: 'error INTERRUPTED: Interrupted by SIGINT.\n' }),
  )
  expect(await project.rows('select id from partywall.migration_runs')).toEqual([])
})

async function slowProject(count: number, seconds: number): Promise<FleetProject> {
  const project = await fleetProject(count)
  await project.write({ '0002_slow.sql': `create table slow (); select pg_sleep(${seconds})` })
  return project
}

/** Waits until so many schemas are being migrated. */
async function running({ rows }: FleetProject, count: number): Promise<void> {
  const sleeping = `select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
  while ((await rows(sleeping)).length < count) await sleep(10)
}

/** Waits until the command has a connection to the database: it is about to read the files, or reads them. */
async function waitForStart(child: ChildProcess, { rows }: FleetProject): Promise<void> {
  const others = `select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`
  while (child.exitCode === null && (await rows(others)).length === 0) await sleep(10)
  await sleep(300)
}

async function done({ rows }: FleetProject): Promise<unknown[]> {
  return rows(`select relnamespace from pg_class where relname = 'slow'`)
}
