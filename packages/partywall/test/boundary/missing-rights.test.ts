/** A deploy role that lacks a right: what is refused names the right, and nothing is left half made. */
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createTenancy, tenancyErrorOf, type Tenancy } from '../../src/index.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'

const { directUrl, url, name } = await testDatabase()
const other = await testDatabase()

test('without database.deploy, a login that owns nothing is told to set that option, by every call that needs it', async () => {
  const { app, deploy, deployRole } = await leastPrivilege(other.directUrl, other.url)
  const root = await folderForTest({
    'migrations/shared/0001_plans.sql': 'create table plans (id integer)',
    'migrations/tenant/0001_notes.sql': 'create table notes (id serial primary key)',
  })
  const config = { root, boundary: 'role', shared: { grants: { plans: ['insert'] } } } as const
  const whole = createTenancy({ ...config, database: { connectionString: app, deploy } })
  const bare = createTenancy({ ...config, database: app })
  onTestFinished(async () => void (await Promise.all([whole.close(), bare.close()])))
  await whole.migrations.run()
  await whole.tenants.create({ schema: 'acme' })
  const calls: Record<string, () => Promise<unknown>> = {
    'migrations.run': () => bare.migrations.run(),
    'boundary.upgrade': () => bare.boundary.upgrade(),
    'boundary.upgrade with dryRun': () => bare.boundary.upgrade({ dryRun: true }),
    'boundary.status': () => bare.boundary.status(),
    'tenants.create': () => bare.tenants.create({ schema: 'globex' }),
    'logins.create': () => bare.logins.create('acme', {}),
    attack: () => bare.attack(),
  }
  for (const [what, call] of Object.entries(calls)) {
    const error = tenancyErrorOf(
      await call().then(
        () => undefined,
        (thrown: unknown) => thrown,
      ),
    )
    expect({ what, code: error?.code, message: error?.message }).toEqual({
      what,
      code: 'NOT_PERMITTED',
      message: expect.stringMatching(/option "database\.deploy"/),
    })
    // A role that is the application's own is not called that of the option.
    expect(error!.message).not.toMatch(/role \S+ of the option "database\.deploy" does not own/)
  }
  const { findings } = await bare.doctor()
  // It does not take the deploy role, which it is not told, for a stranger.
  expect(findings.filter(({ fix }) => fix.includes(`from "${deployRole}"`))).toEqual([])
  const unread = findings.filter(({ seen }) => seen.includes('could not be examined'))
  expect(unread.map(({ severity, fix }) => [severity, fix.includes('"database.deploy"')])).toEqual([
    ['error', true],
    ['warning', true],
  ])
})

test('the deploy role is told which right it lacks, and an upgrade goes on when it has the right', async () => {
  const { app, deploy, deployRole } = await leastPrivilege(directUrl, url)
  const admin = new Client(directUrl)
  await admin.connect()
  const root = await folderForTest({ 'migrations/tenant/0001_notes.sql': 'create table notes (id serial primary key)' })
  const [byPath, byRole, byLogin] = (['path', 'role', 'login'] as const).map((boundary) =>
    createTenancy({ root, database: { connectionString: app, deploy, loginKey: 'k'.repeat(40) }, boundary }),
  ) as [Tenancy, Tenancy, Tenancy]
  onTestFinished(async () => {
    await Promise.all([byPath, byRole, byLogin].map((tenancy) => tenancy.close()))
    await admin.end()
  })
  await byPath.migrations.run()
  await byPath.tenants.create({ schema: 'acme' })
  const setConfig = 'execute on function pg_catalog.set_config(text, text, boolean)'
  const whoOwns = 'alter schema acme owner to'

  const refusals: readonly [take: string, back: string, run: () => Promise<unknown>, says: RegExp][] = [
    [
      `alter role ${deployRole} nocreaterole`,
      `alter role ${deployRole} createrole`,
      () => byRole.boundary.upgrade(),
      /make the roles.*createrole/s,
    ],
    [
      `${whoOwns} current_user`,
      `${whoOwns} ${deployRole}`,
      () => byRole.boundary.upgrade(),
      /"acme".*permission denied.*own the schema/s,
    ],
    [
      `alter role ${deployRole} nocreaterole`,
      `alter role ${deployRole} createrole`,
      () => byRole.tenants.create({ schema: 'late' }),
      /create the role of the tenant "late".*createrole/s,
    ],
    [
      `revoke create on database "${name}" from ${deployRole}`,
      `grant create on database "${name}" to ${deployRole}`,
      () => byRole.tenants.create({ schema: 'late' }),
      /create the schema "late".*grant create on database/s,
    ],
    [
      `revoke grant option for ${setConfig} from ${deployRole}`,
      `grant ${setConfig} to ${deployRole} with grant option`,
      () => byLogin.boundary.upgrade(),
      /set_config.*with grant option/s,
    ],
  ]
  for (const [take, back, run, says] of refusals) {
    await admin.query(take)
    const result = await run().catch((error: unknown) => error)
    const error = (result as { entries?: { error?: unknown }[] }).entries?.[0]?.error ?? result
    expect(tenancyErrorOf(error)).toMatchObject({ code: 'NOT_PERMITTED', message: expect.stringMatching(says) })
    await admin.query(back)
    // Both configurations go on, or the tenant has no role yet.
    await byPath.run('acme', () => byPath.pool.query('select * from notes'))
    expect((await admin.query(`select from pg_namespace where nspname = 'late'`)).rows).toEqual([])
  }
  expect(await byRole.boundary.upgrade({ finish: true })).toMatchObject({ ok: true })
  await byRole.run('acme', () => byRole.pool.query('select * from notes'))
})
