/** `partywall settings`, by the real command line: secrets come in by the standard input alone, and are shown only on demand. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { createTenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project, type Project } from '../partywall.ts'

const { url } = await testDatabase()
const [older, newer] = ['older key '.repeat(5), 'newer key '.repeat(5)] as const

/** A Standard Schema without a library, which the folder of a test has not installed. */
const config = `
import { defineConfig } from 'partywall'
const validate = ({ limits = {}, smtp = {} }: any) =>
  typeof limits.seats === 'number'
    ? { value: { limits: { seats: limits.seats }, smtp } }
    : { issues: [{ path: ['limits', 'seats'], message: 'must be a number' }] }
export default defineConfig({
  database: process.env.DATABASE_URL,
  settings: {
    schema: { '~standard': { version: 1, vendor: 'test', validate } },
    defaults: { limits: { seats: 5 } },
    secrets: ['smtp.password'],
    key: process.env.SETTINGS_KEYS?.split(','),
  },
})
`

let run: Project['run']
let start: Project['start']
const admin = new Client(url)
beforeAll(async () => {
  await admin.connect()
  const folder = await project(url, { 'partywall.config.ts': config, '.env': `SETTINGS_KEYS="${older}"\n` })
  ;({ run, start } = folder)
  await run('tenant create acme')
})
afterAll(() => admin.end())

test('settings are set, shown, and taken back', async () => {
  const set = await run(['settings', 'set', 'acme', 'limits.seats=25', 'smtp.host=smtp.acme.example', '--json'])
  expect(set.json).toEqual([
    { key: 'limits.seats', value: 25, from: 'tenant', isSecret: false },
    { key: 'smtp.host', value: 'smtp.acme.example', from: 'tenant', isSecret: false },
  ])
  expect((await run('settings get acme limits.seats')).stdout).toBe('25\n')
  expect((await run('settings get acme smtp --json')).json).toMatchObject([{ key: 'smtp.host' }])
  expect((await run('settings unset acme limits')).stdout).toMatch(/^key +value +from\nlimits.seats +5 +defaults\n$/)
  expect((await run('settings list acme --own')).stdout).toMatch(/^key +value +from\nsmtp.host +smtp.acme.example +tenant\n$/)
})

test('a secret comes by the standard input, is shown only with --reveal, and is refused on the command line', async () => {
  const typed = await run(['settings', 'set', 'acme', '--secret', 'smtp.password'], { input: 's3cret\n' })
  expect([typed.code, typed.stdout]).toEqual([0, expect.stringMatching(/smtp\.password +\*\*\* +tenant/)])
  const [list, json, one, group, revealed, entries] = await Promise.all(
    [
      'settings list acme',
      'settings list acme --json',
      'settings get acme smtp.password',
      'settings get acme smtp',
      'settings get acme smtp.password --reveal',
      'settings list acme --reveal --json',
    ].map((call) => run(call)),
  )
  for (const { stdout } of [list!, json!, one!, group!]) expect(stdout).not.toContain('s3cret')
  expect(revealed!.stdout).toBe('s3cret\n')
  expect(entries!.json).toContainEqual({ key: 'smtp.password', value: 's3cret', from: 'tenant', isSecret: true })

  const [pair, object, broken, document] = await Promise.all([
    run(['settings', 'set', 'acme', 'smtp.password=s3cret', '--json']),
    run(['settings', 'set', 'acme', 'smtp={"password":"s3cret"}', '--json']),
    run('settings set acme --stdin --json', { input: '{ "smtp": { "password": "s3cret-3"' }),
    run(['settings', 'set', 'acme', '--stdin', 'limits.seats=9'], {
      input: '{ "smtp": { "password": "s3cret-2", "host": "h" } }',
    }),
  ])
  for (const refused of [pair, object, broken]) {
    expectFailure(refused, 2, 'USAGE')
    expect(refused.stdout + refused.stderr).not.toContain('s3cret')
  }
  expect([document.code, document.stdout.includes('s3cret')]).toEqual([0, false])
  expect((await run('settings get acme smtp.password --reveal')).stdout).toBe('s3cret-2\n')
  const { rows } = await admin.query(`select details::text as text from partywall.audit where action like 'settings.%'`)
  expect(rows.length).toBeGreaterThan(1)
  expect(JSON.stringify(rows)).not.toContain('s3cret')
})

test('wrong calls are refused', async () => {
  const calls = [
    ['settings set acme limits.seats=many', 2, 'INVALID_SETTINGS'],
    ['settings set acme limits.seat=3', 2, 'INVALID_ARGUMENT'],
    ['settings set acme limits.seats', 2, 'USAGE'],
    ['settings set acme', 2, 'MISSING_ANSWER'],
    ['settings set nowhere limits.seats=3', 1, 'UNKNOWN_TENANT'],
    ['settings set acme --secret smtp.password --stdin', 2, 'USAGE'],
    ['settings set acme --secret smtp.password', 2, 'MISSING_ANSWER'],
    ['settings get acme limits.seatz', 2, 'USAGE'],
    ['settings unset acme', 2, 'MISSING_ANSWER'],
    ['settings unset acme smpt', 2, 'INVALID_ARGUMENT'],
  ] as const
  const ends = await Promise.all(calls.map(([call]) => run(`${call} --json`)))
  for (const [index, [, exitCode, code]] of calls.entries()) expectFailure(ends[index]!, exitCode, code)
})

test('a rotation that was killed is completed by the next one; with the wrong key it fails, and says for whom', async () => {
  const tenancy = createTenancy({
    database: url,
    migrations: { tenant: false, shared: false },
    settings: { schema: z.object({ smtp: z.object({ password: z.string() }) }), secrets: ['smtp.password'], key: older },
  })
  for (const name of ['first', 'second']) {
    await tenancy.tenants.create({ schema: name })
    await tenancy.settings.set(name, { smtp: { password: `s3cret of ${name}` } })
  }
  await tenancy.close()
  const sealers = async () =>
    (await admin.query<{ by: string }>('select distinct sealed_by as by from partywall.settings where sealed is not null')).rows
      .length
  const env = { SETTINGS_KEYS: `${newer},${older}` }
  // One tenant cannot be changed now: the rotation waits there.
  await admin.query('begin')
  await admin.query(`select from partywall.tenants where schema = 'second' for update`)
  const child = start('settings rotate-key --concurrency 1', { env })
  const watcher = new Client(url)
  await watcher.connect()
  await vi.waitFor(
    async () => {
      const { rowCount } = await watcher.query(
        `select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`,
      )
      const { rowCount: waiting } = await watcher.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      )
      expect((rowCount ?? 0) + (waiting ?? 0)).toBeGreaterThan(0)
    },
    { timeout: 30_000 },
  )
  child.kill('SIGKILL')
  await admin.query('rollback')
  await watcher.end()
  expect(await sealers()).toBeLessThanOrEqual(2)

  const failed = await run('settings rotate-key --json', { env: { SETTINGS_KEYS: newer } })
  expect([failed.code, failed.json.ok]).toEqual([1, false])
  expect(failed.stderr).toContain('SETTINGS_UNREADABLE')
  const [checked, fine] = await Promise.all([
    run('settings check --json', { env: { SETTINGS_KEYS: newer } }),
    run('settings check', { env }),
  ])
  expect([checked.code, checked.json.ok, fine.code]).toEqual([1, false, 0])
  expect(fine.stdout).toMatch(/^3 of 3 tenants have settings that can be read\n$/)
  const done = await run('settings rotate-key', { env })
  expect([done.code, done.stdout]).toEqual([0, expect.stringMatching(/tenants have their secrets under the first key/)])
  expect(await sealers()).toBe(1)
  expect((await run('settings rotate-key', { env: { SETTINGS_KEYS: newer } })).stdout).toBe(
    'every secret is encrypted under the first key\n',
  )
  expect((await run('settings get second smtp.password --reveal', { env: { SETTINGS_KEYS: newer } })).stdout).toBe(
    's3cret of second\n',
  )
}, 120_000)

test('a clone leaves the settings out on demand', async () => {
  const env = { SETTINGS_KEYS: `${newer},${older}` }
  await Promise.all([
    run('tenant clone first with-settings', { env }),
    run('tenant clone first without-settings --no-settings', { env }),
  ])
  const [copied, left] = await Promise.all([
    run('settings get with-settings smtp.password --reveal', { env }),
    run('settings list without-settings --own --json', { env }),
  ])
  expect([copied.stdout, left.json]).toEqual(['s3cret of first\n', []])
})
