/**
 * kill -9 in the middle of each step from one boundary to another: each tenant is as it was or as it should be, and the next run does the rest.
 * PARTYWALL_KILLS=10 kills ten times in each step, also before the first tenant and after the last one.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTenancy, type Boundary, type Config, type Tenancy, type Tenant } from '../../src/index.ts'
import { tenantRole } from '../../src/names/role-name.ts'
import { testDatabase } from '../support/servers/database.ts'
import { auditOf, lastEntry } from '../support/tenants/audit.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { writeFiles } from '../support/tenants/registry.ts'

const kills = Number(process.env['PARTYWALL_KILLS'] ?? 1)
const size = 40
const root = await mkdtemp(join(tmpdir(), 'partywall-upgrade-kills-'))
const { url, directUrl, name } = await testDatabase()
const logins = await leastPrivilege(directUrl, url)
const database = { connectionString: logins.app, deploy: logins.deploy, loginKey: 'k'.repeat(40) }
/** What the server shows of the process that is killed. */
const marked = { ...database, deploy: { connectionString: logins.deploy, application_name: 'to be killed' } }
const admin = new Client(directUrl)
const tenants: Tenant[] = []
const configs = {} as Record<Boundary, Config>
const open = {} as Record<Boundary, Tenancy>
let killedInTheMiddle = 0
/** The next process to be killed starts while the one before works. */
let next: ChildProcess

beforeAll(async () => {
  next = start()
  await writeFiles(root, {
    'migrations/tenant/0001_notes.sql': 'create table notes (id serial primary key, text text)',
    'migrations/shared/0001_plans.sql': 'create table plans (name text)',
  })
  for (const boundary of ['path', 'role', 'login'] as const) {
    configs[boundary] = { root, database, boundary }
    open[boundary] = createTenancy(configs[boundary])
  }
  await admin.connect()
  await admin.query(`revoke temporary on database "${name}" from public`)
  await open.path.migrations.run()
  for (let number = 1; number <= size; number++)
    tenants.push(await open.path.tenants.create({ schema: `t${String(number).padStart(2, '0')}` }))
})
afterAll(async () => {
  next.kill('SIGKILL')
  await Promise.all(Object.values(open).map((tenancy) => tenancy.close()))
  await admin.end()
  await rm(root, { recursive: true })
})

const steps: readonly (readonly [from: Boundary, to: Boundary])[] = [
  ['path', 'role'],
  ['role', 'login'],
  ['login', 'role'],
  ['role', 'path'],
]

describe.each(steps)('from %s to %s', (from, to) => {
  const verb = to === 'path' ? 'downgrade' : 'upgrade'

  test(
    'a run that is killed leaves each tenant to the old boundary, and gives some of them to the new one',
    { timeout: 60_000 },
    async () => {
      const before = await lastEntry(admin)
      for (let kill = 1; kill <= kills; kill++) {
        await killed(to, verb, { finish: false, isAmongTenants: kill === 1 })
        const { ready, unfinished, lacking } = await statesOf(to)
        expect([ready, unfinished.length + lacking.length]).toEqual([[], size])
        expect(await changedSince(before, `boundary.${verb}d`)).toEqual(unfinished)
        await serves(from, sample(unfinished, lacking))
        await serves(to, sample(unfinished))
        for (const schema of sample(lacking)) await expect(use(open[to], schema)).rejects.toBeDefined()
      }
      const done = await open[to].boundary[verb]()
      expect(done).toMatchObject({ ok: true })
      expect((await statesOf(to)).unfinished).toHaveLength(size)
      expect((await auditOf(admin, before)).filter(({ tenant_id: id }) => id !== null)).toHaveLength(size)
      // The audit tells the runs apart: the killed one has entries, and so has the one that did the rest.
      const origins = (await auditOf(admin, before)).map(({ origin }) => origin)
      expect(new Set(origins).size).toBeGreaterThan(done.entries.length > 0 ? 1 : 0)
    },
  )

  test('a last step that is killed leaves each tenant to the new boundary', { timeout: 60_000 }, async () => {
    const before = await lastEntry(admin)
    for (let kill = 1; kill <= kills; kill++) {
      await killed(to, verb, { finish: true, isAmongTenants: kill === 1 })
      const { ready, unfinished, lacking } = await statesOf(to)
      expect([lacking, ready.length + unfinished.length]).toEqual([[], size])
      expect(await changedSince(before, `boundary.${verb}d`)).toEqual(ready)
      await serves(to, sample(ready, unfinished))
      await serves(from, sample(unfinished))
      // Its old boundary does not serve it any more: nothing has the rights of both.
      for (const schema of sample(ready)) await expect(use(open[from], schema)).rejects.toBeDefined()
    }
    expect(await open[to].boundary[verb]({ finish: true })).toMatchObject({ ok: true })
    expect(await statesOf(to)).toEqual({ ready: tenants.map(({ schema }) => schema), unfinished: [], lacking: [] })
    await serves(to, sample(tenants.map(({ schema }) => schema)))
    const { findings } = await open[to].doctor()
    expect(findings.filter(({ id, severity }) => /^PW-1[23]/.test(id) && severity !== 'info')).toEqual([])
  })
})

test('nothing is left of the roles when the fleet is back', async () => {
  const roles = tenants.map(({ id }) => tenantRole(id))
  expect((await admin.query('select rolname from pg_roles where rolname = any ($1)', [roles])).rows).toEqual([])
  // If all kills had come too late, the tests above would show nothing.
  expect(killedInTheMiddle).toBeGreaterThanOrEqual(4)
})

function start(): ChildProcess {
  const program = fileURLToPath(new URL('upgrading.ts', import.meta.url))
  return spawn(process.execPath, [...process.execArgv, program], { stdio: ['pipe', 'ignore', 'inherit'] })
}

/** Starts a run, and kills it at a random moment. @param isAmongTenants when some tenants are done, and others are not */
async function killed(
  to: Boundary,
  verb: 'upgrade' | 'downgrade',
  { finish, isAmongTenants }: { finish: boolean; isAmongTenants: boolean },
): Promise<void> {
  const child = next
  next = start()
  const before = await lastEntry(admin)
  const exited = once(child, 'exit')
  const options = { finish, concurrency: 3 }
  child.stdin!.write(JSON.stringify({ config: { ...configs[to], database: marked }, verb, options }))
  const enough = isAmongTenants ? before + Math.floor(Math.random() * (size / 4)) : -1
  while (child.exitCode === null && (await lastEntry(admin)) <= enough) await sleep(1)
  await sleep(Math.random() * (isAmongTenants ? 10 : 600))
  child.kill('SIGKILL')
  const [code] = await exited
  // On a busy machine it may have been done before.
  expect([null, 0]).toContain(code)
  if (isAmongTenants && code === null) killedInTheMiddle += 1
  // The server ends the statement of a client that is gone, and rolls its transaction back.
  const others = `select from pg_stat_activity where datname = current_database() and application_name = $1`
  while ((await admin.query(others, [marked.deploy.application_name])).rows.length > 0) await sleep(5)
}

async function statesOf(boundary: Boundary): Promise<Record<'ready' | 'unfinished' | 'lacking', string[]>> {
  const { notReady } = await open[boundary].boundary.status()
  const of = (state: string): string[] => notReady.filter((one) => one.state === state).map(({ schema }) => schema)
  const others = new Set(notReady.map(({ schema }) => schema))
  const ready = tenants.map(({ schema }) => schema).filter((schema) => !others.has(schema))
  // A tenant that lacks a part of what others lack was changed in part.
  const lacks = new Set(notReady.filter(({ state }) => state === 'lacking').map((one) => one.lacks.join()))
  expect([...lacks].slice(1)).toEqual([])
  return { ready, unfinished: of('unfinished'), lacking: of('lacking') }
}

/** The schemas of the tenants that the audit names. */
async function changedSince(entry: number, action: string): Promise<string[]> {
  const entries = (await auditOf(admin, entry)).filter((one) => one.tenant_id !== null)
  expect(entries.filter((one) => one.action !== action)).toEqual([])
  return entries.map(({ object }) => object!).toSorted()
}

/** Tenants at both ends of each list. */
function sample(...lists: readonly (readonly string[])[]): string[] {
  return lists.flatMap((list) => [...new Set([...list.slice(0, 2), ...list.slice(-2)])])
}

async function serves(boundary: Boundary, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) expect([schema, await use(open[boundary], schema)]).toEqual([schema, 1])
}

async function use(tenancy: Tenancy, schema: string): Promise<number | null> {
  return tenancy.run(schema, async () => {
    await tenancy.pool.query('select * from plans')
    return (await tenancy.pool.query(`insert into notes (text) values ('x')`)).rowCount
  })
}
