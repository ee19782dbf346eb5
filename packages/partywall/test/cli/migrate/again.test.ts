/** `migrate redo` and `migrate reset`, what `migrate` offers after an edit, and `migrate down --edited`. */
import { expect, test } from 'vitest'
import { expectFailure } from '../partywall.ts'
import { fleetProject, hasTerminal } from './fleet-project.ts'

const more = (column: string): string => `create table more (${column} int);\n-- partywall: down\ndrop table more;`
const columnsSql = `select table_schema || '.' || column_name as name from information_schema.columns where table_name = 'more' order by 1`

test('migrate redo, migrate down --edited and migrate reset apply again what was edited, in the named tenants', async () => {
  const { run, rows, write } = await fleetProject(2, { 'migrations/tenant/0002_more.sql': more('a') })
  const columns = async (): Promise<string> => (await rows(columnsSql)).map(({ name }) => name as string).join()
  await write({ '0002_more.sql': more('b') })
  const failed = await run('migrate --tenant t01')
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('`npx partywall migrate redo`') })

  const redone = await run('migrate redo --tenant t01')
  expect(redone).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^1 of 1 redone \(/),
    stderr: expect.stringMatching(/^t01: redid 0002_more \(/),
  })
  expect(await columns()).toBe('t01.b,t02.a')
  expect((await run('migrate redo --shared --json')).json).toMatchObject({
    ok: true,
    entries: [{ target: 'shared', applied: [] }],
  })

  expect((await run('migrate down --tenant t02 --to 1 --json')).code).toBe(1)
  expect((await run('migrate down --tenant t02 --to 1 --edited --json')).json.entries).toMatchObject([{ applied: ['0002_more'] }])
  expect(await columns()).toBe('t01.b')

  await rows(`insert into t01.polls values ('gone')`)
  const reset = await run('migrate reset --tenant t01 --yes')
  expect(reset).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^1 of 1 reset \(/),
    stderr: expect.stringMatching(/^t01: reset, and applied 0001_polls, 0002_more \(/),
  })
  expect(await rows('select title from t01.polls')).toEqual([])
  expectFailure(await run('migrate reset --tenant t01 --json'), 2, 'MISSING_ANSWER')
  const production = { env: { NODE_ENV: 'production' } }
  expect(expectFailure(await run('migrate reset --tenant t01 --yes --json', production), 2, 'USAGE').message).toContain('--force')
  const forced = await run('migrate reset --tenant t01 --yes --force --json', production)
  expect(forced.json).toMatchObject({ ok: true, entries: [{ target: 't01', state: 'done' }] })
  await write({ '0002_more.sql': `${more('c')} x` })
  const bad = await run('migrate redo --tenant t01')
  expect(bad.code).toBe(1)
  expect(bad.stdout).toContain('Fix the cause, then finish with: npx partywall migrate redo --tenant t01')
  expect(expectFailure(await run('migrate --resume --json'), 2, 'INVALID_ARGUMENT').message).toContain('redo or a reset')
})

test.runIf(hasTerminal)('migrate offers on a terminal to redo an edited last file, and reset asks', async () => {
  const { onTerminal, rows, write } = await fleetProject(2, { 'migrations/tenant/0002_more.sql': more('a') })
  await write({ '0002_more.sql': more('b'), '0003_next.sql': 'create table next ()' })
  const answer = async (call: string, keys: string, env: Record<string, string> = {}): Promise<string> =>
    (await onTerminal(call, env, { to: /yes/, keys })).seen
  const seen = await answer('migrate', '\r')
  expect(seen.replaceAll(/\s+/g, ' ')).toContain('0002_more.sql has changed since it was applied to t01, t02. Redo it there?')
  expect(seen).toContain('2 failed')
  expect(await answer('migrate', '', { NODE_ENV: 'production' })).not.toContain('Redo')
  expect(await answer('migrate', '', { CI: 'true' })).not.toContain('Redo')
  expect(await rows(columnsSql)).toEqual([{ name: 't01.a' }, { name: 't02.a' }])
  const accepted = await answer('migrate', '\u001b[B\r')
  expect(accepted).toContain('2 of 2 redone')
  expect(accepted).toMatch(/2 of 3 migrated, 1 up to date/)
  expect(await rows(columnsSql)).toEqual([{ name: 't01.b' }, { name: 't02.b' }])
  const no = await answer('migrate reset --tenant t02', '\r')
  expect(no).toContain('Drop everything in t02')
  expect(no).toContain('nothing was changed')
  expect(await answer('migrate reset --tenant t02', '\u001b[B\r')).toContain('1 of 1 reset')
})
