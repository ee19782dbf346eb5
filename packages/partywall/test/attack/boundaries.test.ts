/** What each boundary holds, on servers that are set up as the docs say and on ones that are not. */
import { Client } from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { attacks } from '../../src/attack/attacks.ts'
import { broken } from '../../src/attack/report.ts'
import { newId, schemaOf } from '../../src/attack/throw-away-names.ts'
import { createTenancy, type AttackReport } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'

const databases = [await testDatabase(), await testDatabase(), await testDatabase()] as const
const [byPath, revoked, kept] = databases
const admins = await Promise.all(databases.map(({ directUrl }) => opened(directUrl)))
const [admin, revokedAdmin, keptAdmin] = admins as [Client, Client, Client]
afterAll(() => Promise.all(admins.map((client) => client.end())))

/** Not promised under `role`, and held where the login of the application owns nothing. */
const heldByBareLogin = ['several-statements/do-reset-role', 'roles/reset-in-text']

/** Missing extensions; the embedded server has the first two, which the test installs. */
const mayLack = ['catalogs/statements']

describe('boundary path', async () => {
  for (const extension of ['dblink', 'postgres_fdw']) await admin.query(`create extension ${extension}`)
  const before = await left(admin)
  const report = await attackWith({ database: byPath.url })

  test('keeps all that it promises', () => {
    expect(report).toMatchObject({ ok: true, boundary: 'path', revoked: false })
    expect(report.attacks).toHaveLength(attacks.length)
    expect(untried(report)).toEqual(mayLack)
  })

  test('is open to every attack that it does not promise to hold: what another boundary holds, it holds itself', () => {
    expect(heldAnyway(report)).toEqual([])
  })

  test('holds the prepared statement of another tenant although the attacker executes it', () => {
    const { by } = report.attacks.find(({ id }) => id === 'prepared-statements/execute')!
    expect(by).toBe('the statement read the own rows')
  })

  test('leaves nothing in the database, and no tenant in the catalog', async () => {
    expect(await left(admin)).toEqual(before)
    expect((await admin.query('select 1 from partywall.tenants')).rows).toEqual([])
  })

  test('shows no secret of a tenant in its report', () => {
    expect(JSON.stringify(report)).not.toMatch(/partywall_attack_[0-9a-f]|[sc][0-9a-f]{20}/)
  })
})

describe('boundary role, with a login that owns nothing', async () => {
  const { app, deploy } = await leastPrivilege(revoked.directUrl, revoked.url)
  const database = { connectionString: app, deploy }

  test('keeps all that it promises where set_config is revoked', async () => {
    await revokedAdmin.query('create extension dblink; create extension postgres_fdw')
    const before = await left(revokedAdmin)
    const report = await attackWith({ database, boundary: 'role' })
    expect(broken(report)).toEqual([])
    expect(report).toMatchObject({ ok: true, boundary: 'role', revoked: true })
    expect(untried(report)).toEqual(mayLack)
    expect(heldAnyway(report)).toEqual(heldByBareLogin)
    expect(await left(revokedAdmin)).toEqual(before)
  })

  test('keeps what strict adds to its promises', async () => {
    const report = await attackWith({ database, boundary: 'role', strict: true })
    expect(broken(report)).toEqual([])
    expect(report).toMatchObject({ ok: true, boundary: 'role strict' })
    expect(heldAnyway(report)).toEqual([])
  })

  test('does not promise what needs the revoke where set_config is not revoked, and says that it is open', async () => {
    const roles = await leastPrivilege(kept.directUrl, kept.url, true)
    const report = await attackWith({ database: { connectionString: roles.app, deploy: roles.deploy }, boundary: 'role' })
    expect(report).toMatchObject({ ok: true, revoked: false })
    const needing = attacks.filter(({ promisedBy }) => promisedBy.role === 'with the revoke').map(({ id }) => id)
    const open = report.attacks.filter(({ state, promised }) => state === 'not held' && !promised).map(({ id }) => id)
    // The login owns nothing, so leaving the role for it opens nothing.
    expect(needing.filter((id) => !open.includes(id))).toEqual(['roles/set-config-none'])
  })

  test('is open to texts that leave the role for a login that owns the schemas', async () => {
    const report = await attackWith({ database: kept.directUrl, boundary: 'role' })
    expect(report).toMatchObject({ ok: true, boundary: 'role' })
    expect(heldAnyway(report).filter((id) => heldByBareLogin.includes(id))).toEqual([])
  })
})

describe('throw-away tenants', () => {
  test('of a killed run are removed an hour later, and nothing else', async () => {
    const [old, young] = [schemaOf(newId(Date.now() - 3_700_000)), schemaOf(newId(Date.now() - 3_000_000))]
    for (const schema of [old, young, 'partywall_attack_notes']) await keptAdmin.query(`create schema ${schema}`)
    const { rows } = await keptAdmin.query<{ oid: string }>(`select lo_from_bytea(0, 'left')::text as oid`)
    await keptAdmin.query(`comment on large object ${rows[0]!.oid} is '${old}'`)
    const role = old.replace('attack_', '')
    await keptAdmin.query(`create role ${role}; grant create on database ${kept.name} to ${role}`)
    await keptAdmin.query(`create table public.${old}_table (id integer)`)
    await attackWith({ database: kept.directUrl }, { signal: AbortSignal.abort() })
    expect(await left(keptAdmin)).toEqual([young, 'partywall_attack_notes'].toSorted())
    expect((await keptAdmin.query('select 1 from pg_roles where rolname = $1', [role])).rows).toEqual([])
  })

  test('are removed when the run is aborted', async () => {
    const abort = new AbortController()
    let started = 0
    const report = await attackWith(
      { database: byPath.url },
      { signal: abort.signal, onAttack: () => ++started === 3 && abort.abort() },
    )
    expect(report).toMatchObject({ ok: false, aborted: true })
    expect(report.attacks).toHaveLength(3)
    expect(await left(admin)).toEqual([])
  })

  test('cannot be made by a role that may not create schemas, which is told what to grant', async () => {
    const { app } = await leastPrivilege(byPath.directUrl, byPath.url, true)
    await admin.query('grant usage on schema partywall to public; grant select on all tables in schema partywall to public')
    await expect(attackWith({ database: app })).rejects.toMatchObject({ code: 'NOT_PERMITTED' })
  })
})

async function attackWith(
  config: Parameters<typeof createTenancy>[0],
  options: { signal?: AbortSignal; onAttack?: () => unknown } = {},
): Promise<AttackReport> {
  await using tenancy = createTenancy(config)
  return await tenancy.attack({ ...options, onAttack: () => void options.onAttack?.() })
}

function heldAnyway({ attacks: entries }: AttackReport): string[] {
  return entries.filter(({ promised, state }) => !promised && state === 'held').map(({ id }) => id)
}

function untried({ attacks: entries }: AttackReport): string[] {
  return entries.filter(({ state }) => state === 'not tried').map(({ id }) => id)
}

/** Names of what attacks made, and of objects that no schema has. */
async function left(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    select nspname::text as name from pg_namespace where nspname like '%attack%'
    union select relname::text from pg_class where relname like '%attack%' and relnamespace = 'public'::regnamespace
    union select proname::text from pg_proc where proname like '%attack%'
    union select oid::text from pg_largeobject_metadata
    union select pubname::text from pg_publication
    union select evtname::text from pg_event_trigger
    order by 1`)
  return rows.map(({ name }) => name)
}

async function opened(url: string): Promise<Client> {
  const client = new Client(url)
  await client.connect()
  return client
}
