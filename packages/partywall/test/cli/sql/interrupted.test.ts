/** Ctrl-C, kill and a closed terminal while SQL runs: the server stops the statement, and nothing of it is kept. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { openRegistry } from '../../support/tenants/registry.ts'
import { hasTerminal } from '../migrate/fleet-project.ts'
import { bin, ended, expectFailure, project } from '../partywall.ts'

const { url } = await testDatabase()
const admin = new Client(url)
const cancelled = 'The statement that ran was cancelled and rolled back.'

beforeAll(async () => {
  await admin.connect()
  const { create, close } = openRegistry(url)
  for (const schema of ['acme', 'bolt', 'corp', 'dune', 'echo']) await create({ schema })
  await close()
  await admin.query('create table public.written (by text)')
})

afterAll(() => admin.end())

test.each([
  ['SIGINT', 130, '--tenant acme'],
  ['SIGTERM', 143, '--shared'],
  ['SIGHUP', 129, '--tenant acme'],
] as const)('%s cancels the statement of sql, and the exit code is %i', async (signal, exitCode, place) => {
  const by = `${signal} ${place}`
  const { start } = await project(url)
  const child = start(['sql', ...place.split(' '), '--json', `select pg_sleep(20); insert into written values ('${by}')`])
  const end = ended(child)
  await sleepers(1)
  const from = performance.now()
  child.kill(signal)
  expect(expectFailure(await end, exitCode, 'INTERRUPTED').message).toBe(`Interrupted by ${signal}. ${cancelled}`)
  expect(performance.now() - from).toBeLessThan(10_000)
  await nothingIsLeft()
})

test('a single statement, of the extended protocol, is cancelled, too', async () => {
  const { start } = await project(url)
  const child = start(['sql', '--tenant', 'acme', 'insert into written select pg_sleep(6)::text'])
  const end = ended(child)
  await sleepers(1)
  child.kill('SIGINT')
  expect(await end).toMatchObject({ code: 130, stdout: '', stderr: `error INTERRUPTED: Interrupted by SIGINT. ${cancelled}\n` })
  await nothingIsLeft()
})

test('a signal during sql --all cancels the tenants that run, starts no other, and the report names all', async () => {
  const { start } = await project(url)
  const child = start(['sql', '--all', '--json', "select pg_sleep(6); insert into written values ('all')"])
  const end = ended(child)
  await sleepers(4)
  child.kill('SIGINT')
  const { code, json, stderr } = await end
  expect(code).toBe(130)
  expect(stderr).toContain('error INTERRUPTED: Interrupted by SIGINT.')
  expect(json.ok).toBe(false)
  const states = json.entries.map(({ target, state, error }: any) => [target, state, error?.sqlState])
  expect(states).toEqual([
    ...['acme', 'bolt', 'corp', 'dune'].map((schema) => [schema, 'failed', '57014']),
    ['echo', 'skipped', undefined],
  ])
  await nothingIsLeft()
})

test('a statement that waits for a lock is cancelled', async () => {
  const other = new Client(url)
  await other.connect()
  await other.query('begin; lock table written in access exclusive mode')
  const { start } = await project(url)
  const child = start(['sql', '--shared', "insert into written values ('locked')"])
  const end = ended(child)
  await backends(`wait_event_type = 'Lock'`, 1)
  child.kill('SIGINT')
  expect(await end).toMatchObject({ code: 130, stderr: expect.stringContaining(cancelled) })
  await other.end()
  await nothingIsLeft()
})

test.runIf(hasTerminal)('a terminal that closes cancels the statement', async () => {
  const { folder } = await project(url)
  const command = `exec ${process.execPath} ${bin} sql --shared "select pg_sleep(6); insert into written values ('closed')"`
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: url },
  })
  const closed = once(child, 'close')
  await sleepers(1)
  // Its end of the terminal is gone, as when a window is closed.
  kill(child)
  await closed
  await nothingIsLeft()
})

function kill(child: ChildProcess): void {
  child.stdin?.destroy()
  child.kill('SIGKILL')
}

async function sleepers(count: number): Promise<void> {
  await backends(`wait_event = 'PgSleep'`, count)
}

async function backends(what: string, count: number): Promise<void> {
  const text = `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and ${what}`
  await vi.waitFor(async () => expect((await admin.query(text)).rowCount).toBe(count), { timeout: 20_000, interval: 20 })
}

/** No backend of the command, and no row. */
async function nothingIsLeft(): Promise<void> {
  await backends(`backend_type = 'client backend'`, 0)
  expect((await admin.query('select by from written')).rows).toEqual([])
}
