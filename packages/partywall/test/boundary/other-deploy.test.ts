/** A deploy role that follows another one: from PostgreSQL 16 on it may not give the roles that the other one made, and each refusal says what to run. */
import { readFile } from 'node:fs/promises'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createTenancy, tenancyErrorOf, type Boundary, type Finding, type Tenancy } from '../../src/index.ts'
import { fixedRole, tenantRole } from '../../src/names/role-name.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { folderForTest } from '../support/tenants/registry.ts'

const page = await readFile(new URL('../../../../docs/boundaries.md', import.meta.url), 'utf8')
const ofPage = /### Another deploy role.*?```sql\n(.*?)```/s.exec(page)![1]!

test('another deploy role is told what to run, by tenants.create, boundary.upgrade and the doctor, and goes on when it was run', async () => {
  const { directUrl, url, name } = await testDatabase()
  const first = await leastPrivilege(directUrl, url)
  const second = await leastPrivilege(directUrl, url)
  const root = await folderForTest({ 'migrations/tenant/0001_notes.sql': 'create table notes (id serial primary key)' })
  const clients = [directUrl, first.deploy].map((connectionString) => new Client({ connectionString }))
  const [admin, maker] = clients as [Client, Client]
  for (const client of clients) await client.connect()
  const tenancies: Tenancy[] = []
  onTestFinished(async () => {
    await Promise.all([...tenancies.map((tenancy) => tenancy.close()), ...clients.map((client) => client.end())])
  })
  const open = (deploy: string, boundary: Boundary): Tenancy => {
    const tenancy = createTenancy({ root, database: { connectionString: first.app, deploy }, boundary })
    tenancies.push(tenancy)
    return tenancy
  }
  const [granter, shared] = [fixedRole('granter', name), fixedRole('shared', name)]
  const hasOptions = Number((await admin.query('show server_version_num')).rows[0].server_version_num) >= 160_000

  const before = open(first.deploy, 'role')
  await before.migrations.run()
  const acme = tenantRole((await before.tenants.create({ schema: 'acme' })).id)
  await before.tenants.create({ schema: 'globex' })
  const { login } = await before.logins.create('acme')
  expect(found((await before.doctor()).findings)).toEqual([])
  await admin.query(`reassign owned by ${first.deployRole} to ${second.deployRole}`)

  const after = open(second.deploy, 'role')
  expect(await refusal(after.tenants.create({ schema: 'late' }))).toMatch(
    new RegExp(
      `member of its group: .*run.*: grant "?${granter}"? to "?${second.deployRole}"?${hasOptions ? ' with inherit false, set true' : ''};`,
    ),
  )
  expect((await admin.query(`select from pg_namespace where nspname = 'late'`)).rows).toEqual([])
  expect(found((await after.doctor()).findings)).toEqual(
    hasOptions
      ? [
          ['error', expect.stringContaining(`may not take the role "${granter}": no tenant`)],
          ['error', expect.stringContaining(`"${shared}"`)],
          ['warning', expect.stringContaining('role of 2 tenants ("acme", "globex")')],
        ]
      : [['error', expect.stringContaining('may not take')]],
  )

  if (hasOptions) {
    // What the messages say is what helps, also for the role that made the others.
    const ofFixed = await refusal(after.boundary.upgrade())
    await maker.query(statementIn(ofFixed))
    await maker.query(`revoke ${acme} from ${first.appRole}`)
    const ofTenant = await refusal(after.boundary.upgrade())
    expect(ofTenant).toContain(`may not change the role of the tenant "acme": another role made "${acme}"`)
    await maker.query(statementIn(ofTenant))
    expect(await after.boundary.upgrade()).toMatchObject({ ok: true })
    expect(found((await after.doctor()).findings)).toMatchObject([['warning', expect.stringContaining('the tenant "globex"')]])
    expect(await refusal(after.logins.revoke(login.role))).toContain('with the admin option')
    await admin.query(ofPage.replaceAll(/\bdeploy(2?)\b/g, (_, last) => (last === '2' ? second : first).deployRole))
  }
  expect(await after.boundary.upgrade({ finish: true })).toMatchObject({ ok: true })
  expect(found((await after.doctor()).findings)).toEqual([])
  await after.tenants.create({ schema: 'late' })
  for (const schema of ['acme', 'globex', 'late']) await after.run(schema, () => after.pool.query('select * from notes'))
  await after.logins.revoke(login.role)
  if (hasOptions) expect(await open(second.deploy, 'path').boundary.downgrade({ finish: true })).toMatchObject({ ok: true })
})

async function refusal(work: Promise<unknown>): Promise<string> {
  const result = await work.catch((error: unknown) => error)
  const failed = (result as { entries?: { error?: unknown }[] }).entries?.find(({ error }) => error !== undefined)
  const error = tenancyErrorOf(failed?.error ?? result)
  expect(error?.code).toBe('NOT_PERMITTED')
  return error!.message
}

function found(findings: readonly Finding[]): (readonly [severity: string, seen: string])[] {
  return findings.filter(({ id }) => id === 'PW-140').map(({ severity, seen }) => [severity, seen])
}

function statementIn(message: string): string {
  return /grant [^;]* with admin true, inherit false, set false;/.exec(message)![0]
}
