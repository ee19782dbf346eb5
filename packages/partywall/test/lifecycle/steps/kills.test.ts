/**
 * kill -9 in each step of a new tenant: the process waits in it for a lock that the test holds. Afterwards the tenant says what is missing, and `resume`
 * gives every seed's rows exactly once.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Config, type Tenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { leastPrivilege } from '../../support/tenants/least-privilege.ts'
import { folderForTest } from '../../support/tenants/registry.ts'

const program = fileURLToPath(new URL('create-one.ts', import.meta.url))
const databases = { path: await testDatabase(), login: await testDatabase() }

const files = {
  'migrations/tenant/0001_log.sql': 'create table log (word text)',
  'seeds/a.sql': `insert into log values ('a')`,
  'seeds/b.ts': `export const seed = ({ client }) => client.query("insert into log values ('b')")`,
}

/** The end of a step waits here. In the transaction of the seed, or under the boundary \`login\` in the one after it. */
const gate = `
  create function public.wait_at_gate() returns trigger language plpgsql security definer as $$
  begin
    if new.state = 'done' then perform pg_advisory_xact_lock_shared(hashtext(new.name)); end if;
    return new;
  end $$;
  create trigger gate before update on partywall.tenant_steps for each row execute function public.wait_at_gate()`

/** One process at a time is killed while it waits for what \`lock\` takes. */
async function fleet(boundary: 'path' | 'login'): Promise<{
  tenancy: Tenancy
  other: Tenancy
  killIn: (call: 'create' | 'resume', schema: string, lock: string) => Promise<void>
  rows: (schema: string) => Promise<string[]>
  look: (schema: string) => Promise<unknown>
}> {
  const { url, directUrl } = databases[boundary]
  const [admin, holder] = [new Client(directUrl), new Client(directUrl)]
  await Promise.all([admin.connect(), holder.connect()])
  const { app, deploy } = await leastPrivilege(directUrl, url)
  const root = await folderForTest(files)
  const byLogin = { database: { connectionString: app, deploy, loginKey: 'k'.repeat(40) }, boundary: 'login' } as const
  const config: Config = { root, ...(boundary === 'path' ? { database: url } : byLogin) }
  const open = (): Tenancy =>
    createTenancy({
      ...config,
      hooks: { onProvision: async (_, { client }) => void (await client.query(`insert into log values ('hook')`)) },
    })
  const [tenancy, other] = [open(), open()]
  await tenancy.ready()
  await admin.query(gate)
  onTestFinished(async () => void (await Promise.all([tenancy.close(), other.close(), admin.end(), holder.end()])))
  const rowsOf = async (schema: string): Promise<string[]> =>
    (await admin.query<{ word: string }>(`select word from "${schema}".log order by word`)).rows.map(({ word }) => word)
  return {
    tenancy,
    other,
    rows: rowsOf,
    async killIn(call, schema, lock) {
      await holder.query('begin')
      await holder.query(lock)
      const child = spawn(process.execPath, [...process.execArgv, program, JSON.stringify(config), call, schema], {
        stdio: 'ignore',
      })
      const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
      await expect
        .poll(async () => (await admin.query(waiting)).rows.length, { timeout: 30_000, interval: 10 })
        .toBeGreaterThan(0)
      child.kill('SIGKILL')
      await once(child, 'exit')
      await holder.query('rollback')
      const busy = `select from pg_stat_activity where state <> 'idle' and datname = current_database() and pid <> pg_backend_pid()`
      await expect.poll(async () => (await admin.query(busy)).rows.length, { timeout: 30_000, interval: 10 }).toBe(0)
    },
    async look(schema) {
      const done = (await tenancy.tenants.steps(schema)).filter(({ state }) => state === 'done').map(({ name }) => name)
      return { status: (await tenancy.tenants.get(schema)).status, done, rows: await rowsOf(schema) }
    },
  }
}

const recordOfSteps = 'lock table partywall.tenant_steps in share mode'
const endOf = (step: string): string => `select pg_advisory_xact_lock(hashtext('${step}'))`

test(
  'a process that is killed in any step leaves a tenant that resume completes, with the rows of each seed once',
  { timeout: 60_000 },
  async () => {
    const { tenancy, other, killIn, rows, look } = await fleet('path')
    // The whole creation is one transaction, so a kill in it leaves nothing.
    await killIn('create', 'k1', recordOfSteps)
    expect(await tenancy.tenants.find('k1')).toBeUndefined()
    await killIn('create', 'k1', endOf('a.sql'))
    expect(await look('k1')).toEqual({ status: 'provisioning', done: [], rows: [] })
    await killIn('resume', 'k1', endOf('b.ts'))
    expect(await look('k1')).toEqual({ status: 'provisioning', done: ['a.sql'], rows: ['a'] })
    await expect(tenancy.run('k1', () => 1)).rejects.toMatchObject({
      code: 'TENANT_MAINTENANCE',
      details: { status: 'provisioning' },
    })
    // Two at once: each seed runs once, whichever of them is first.
    const both = await Promise.allSettled([tenancy.tenants.resume('k1'), other.tenants.resume('k1')])
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(['TENANT_LOCKED', 'INVALID_TENANT_MOVE']).toContain(
      (both.find(({ status }) => status === 'rejected') as PromiseRejectedResult).reason.code,
    )
    expect(await rows('k1')).toEqual(['a', 'b', 'hook'])
    // A hook is called at least once.
    await killIn('create', 'k2', endOf('hooks.onProvision'))
    expect(await look('k2')).toEqual({ status: 'provisioning', done: ['a.sql', 'b.ts'], rows: ['a', 'b', 'hook'] })
    expect(await tenancy.tenants.resume('k2')).toMatchObject({ status: 'active' })
    expect(await rows('k2')).toEqual(['a', 'b', 'hook', 'hook'])
  },
)

test('under the boundary login, a seed that was committed before its record is not run again', { timeout: 60_000 }, async () => {
  const { tenancy, killIn, rows, look } = await fleet('login')
  await killIn('create', 'k1', endOf('a.sql'))
  expect(await look('k1')).toEqual({ status: 'provisioning', done: [], rows: ['a'] })
  expect(await tenancy.tenants.resume('k1')).toMatchObject({ status: 'active' })
  expect(await rows('k1')).toEqual(['a', 'b', 'hook'])
})
