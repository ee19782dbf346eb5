import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Config, type ProvisionContext, type Tenancy, type Tenant } from '../../../src/index.ts'
import { refusal } from '../../../src/http/shared/refusal.ts'
import { byHost } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { leastPrivilege, type LeastPrivilege } from '../../support/tenants/least-privilege.ts'
import { auditOf } from '../../support/tenants/audit.ts'
import { folderForTest, writeFiles } from '../../support/tenants/registry.ts'

const byPath = await testDatabase()
const byRole = await testDatabase()
const admins = { path: new Client(byPath.directUrl), role: new Client(byRole.directUrl) }
let roles: LeastPrivilege
beforeAll(async () => {
  await Promise.all([admins.path.connect(), admins.role.connect()])
  roles = await leastPrivilege(byRole.directUrl, byRole.url)
})
afterAll(() => Promise.all([admins.path.end(), admins.role.end()]))

const log = 'create table log (word text); create table codes (id int primary key)'
const files = {
  'migrations/tenant/0001_log.sql': log,
  'seeds/02_code.ts': `
    export async function seed({ client, tenant, sql }) {
      await client.query(sql\`insert into log values (\${tenant.schema})\`)
    }`,
  'seeds/01_plans.sql': `insert into log values ('free');\n-- a comment\ninsert into log values ('pro');`,
  'seeds/README.md': 'what the seeds are',
  'seeds/demo/10_orders.sql': `insert into log values ('order')`,
}

type Boundary = 'path' | 'role' | 'login'

function databaseOf(boundary: Boundary): Config['database'] {
  if (boundary === 'path') return byPath.url
  return {
    connectionString: roles.app,
    deploy: roles.deploy,
    ...(boundary === 'login' && { loginKey: 'k'.repeat(40) }),
  }
}

/** @param more options beside the database */
async function tenancyWith(
  given: Record<string, string>,
  more: Config = {},
  boundary: Boundary = 'path',
): Promise<{ tenancy: Tenancy; root: string }> {
  const root = await folderForTest(given)
  const tenancy = createTenancy({
    database: databaseOf(boundary),
    root,
    boundary,
    strict: boundary === 'role',
    ...more,
  } as Config)
  onTestFinished(() => tenancy.close())
  return { tenancy, root }
}

async function words(tenancy: Tenancy, schema: string): Promise<string[]> {
  const { rows } = await tenancy.run(schema, () => tenancy.pool.query<{ word: string }>('select word from log'), {
    allowInactive: true,
  })
  return rows.map(({ word }) => word)
}

const states = async (tenancy: Tenancy, schema: string): Promise<string[]> =>
  (await tenancy.tenants.steps(schema)).map(({ name, state, attempts }) => `${name} ${state} ${attempts}`)

describe.each(['path', 'role', 'login'] as const)('under the boundary %s', (boundary) => {
  const named = (name: string): string => `${name}-${boundary}`

  test('a new tenant gets its seeds and its hook in order, is active afterwards, and each step has its events', async () => {
    const seen: string[] = []
    const onProvision = async (tenant: Tenant, { client, signal }: ProvisionContext): Promise<void> => {
      seen.push(`hook ${tenant.status} ${signal.aborted}`)
      await client.query(`insert into log values ('hook')`)
    }
    const { tenancy } = await tenancyWith(files, { hooks: { onProvision } }, boundary)
    tenancy.on('tenant.step.started', ({ step, attempt }) => seen.push(`started ${step} ${attempt}`))
    tenancy.on('tenant.step.ended', ({ step, error }) => seen.push(`ended ${step} ${error === undefined}`))
    tenancy.on('tenant.created', ({ tenant }) => seen.push(`created ${tenant.status}`))
    const schema = named('acme')
    const tenant = await tenancy.tenants.create({ schema })
    expect(tenant).toMatchObject({ status: 'active' })
    expect(await words(tenancy, schema)).toEqual(['free', 'pro', schema, 'hook'])
    expect(seen).toEqual([
      'started 01_plans.sql 1',
      'ended 01_plans.sql true',
      'started 02_code.ts 1',
      'ended 02_code.ts true',
      'started hooks.onProvision 1',
      'hook provisioning false',
      'ended hooks.onProvision true',
      'created active',
    ])
    expect(await tenancy.tenants.steps(schema)).toMatchObject([
      { name: '01_plans.sql', kind: 'seed', state: 'done', endedAt: expect.any(Date) },
      { name: '02_code.ts', kind: 'seed', state: 'done' },
      { name: 'hooks.onProvision', kind: 'hook', state: 'done' },
    ])
    const actions = (await auditOf(admins[boundary === 'path' ? 'path' : 'role'])).filter(
      ({ tenant_id }) => tenant_id === tenant.id,
    )
    expect(actions.map(({ action }) => action)).toEqual([
      'tenant.created',
      'tenant.seeded',
      'tenant.seeded',
      'tenant.provisioned',
    ])
    await expect(tenancy.tenants.resume(schema)).rejects.toMatchObject({ code: 'INVALID_TENANT_MOVE' })
  })

  test('a step that fails leaves a tenant that is not served, and resume goes on with that step', async () => {
    const broken = { ...files, 'seeds/02_code.sql': `insert into log values ('half');\n\ninsert into codes\n  values (1), (1);` }
    const { tenancy, root } = await tenancyWith(broken, { resolve: [byHost({ base: 'example.com' })] }, boundary)
    const schema = named('bolt')
    const problem = await tenancy.tenants.create({ schema }).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(problem).toMatchObject({
      code: 'PROVISION_FAILED',
      details: { schema, step: '02_code.sql', line: 3, sqlState: '23505' },
      cause: { code: '23505' },
    })
    expect((problem as Error).message).toContain('line 3: SQLSTATE 23505')
    expect((problem as Error).message).not.toContain('Key (')
    expect(await tenancy.tenants.get(schema)).toMatchObject({ status: 'failed' })
    expect(await states(tenancy, schema)).toEqual(['01_plans.sql done 1', '02_code.sql failed 1', '02_code.ts pending 0'])
    expect((await tenancy.tenants.steps(schema))[1]!.error).toBe('line 3: SQLSTATE 23505 (see the cause).')
    expect(await words(tenancy, schema)).toEqual(['free', 'pro'])
    await expect(tenancy.run(schema, () => 1)).rejects.toMatchObject({ code: 'TENANT_SUSPENDED', details: { status: 'failed' } })
    expect(await tenancy.resolve({ host: `${schema}.example.com` })).toMatchObject({ outcome: 'suspended' })
    await expect(tenancy.tenants.activate(schema)).rejects.toMatchObject({ code: 'INVALID_TENANT_MOVE' })

    await expect(tenancy.tenants.resume(schema)).rejects.toMatchObject({
      code: 'PROVISION_FAILED',
      details: { step: '02_code.sql' },
    })
    await writeFiles(root, { 'seeds/02_code.sql': `insert into log values ('whole')` })
    expect(await tenancy.tenants.resume(schema)).toMatchObject({ status: 'active' })
    expect(await states(tenancy, schema)).toEqual(['01_plans.sql done 1', '02_code.sql done 3', '02_code.ts done 1'])
    expect(await words(tenancy, schema)).toEqual(['free', 'pro', 'whole', schema])
  })

  test('a set is run in tenants that exist, once in each, and once more with again', async () => {
    const { tenancy } = await tenancyWith(files, {}, boundary)
    const tenants = [named('one'), named('two')]
    for (const schema of tenants) await tenancy.tenants.create({ schema })
    const report = await tenancy.seed({ tenants, set: 'demo' })
    expect(report).toMatchObject({
      ok: true,
      entries: tenants.map((target) => ({ target, state: 'done', seeds: ['demo/10_orders.sql'] })),
    })
    expect((await tenancy.seed({ tenants, set: 'demo' })).entries.map(({ seeds }) => seeds)).toEqual([[], []])
    expect((await tenancy.seed({ tenants: tenants[0]!, set: 'demo', again: true })).entries.map(({ seeds }) => seeds)).toEqual([
      ['demo/10_orders.sql'],
    ])
    expect((await words(tenancy, tenants[0]!)).slice(3)).toEqual(['order', 'order'])
    expect((await words(tenancy, tenants[1]!)).slice(3)).toEqual(['order'])
    // Those of every new tenant have run.
    expect((await tenancy.seed({ tenants })).entries.map(({ seeds }) => seeds)).toEqual([[], []])
  })

  test('a seed may not end its transaction, and under a role it may not create tables', async () => {
    const { tenancy } = await tenancyWith(
      {
        ...files,
        'seeds/commit/1.sql': `insert into log values ('kept?');\ncommit;`,
        'seeds/commit-in-code/1.ts': `export const seed = ({ client }) => client.query('rollback')`,
        'seeds/copy/1.sql': 'copy log from stdin',
        'seeds/ddl/1.sql': `insert into log values ('kept?');\ncreate table mine ()`,
      },
      {},
      boundary,
    )
    const schema = named('ddl')
    await tenancy.tenants.create({ schema })
    for (const set of ['commit', 'commit-in-code']) {
      const { entries } = await tenancy.seed({ tenants: schema, set })
      expect(entries).toMatchObject([
        { state: 'failed', seeds: [], error: { code: 'PROVISION_FAILED', cause: { code: 'UNSAFE_STATEMENT' } } },
      ])
    }
    expect((await tenancy.seed({ tenants: schema, set: 'copy' })).entries).toMatchObject([{ state: 'failed' }])
    const { entries } = await tenancy.seed({ tenants: schema, set: 'ddl' })
    expect(entries).toMatchObject(
      boundary === 'path'
        ? [{ state: 'done' }]
        : [
            {
              state: 'failed',
              error: { details: { line: 2, sqlState: '42501' }, message: expect.stringContaining('permission denied') },
            },
          ],
    )
    expect((await words(tenancy, schema)).includes('kept?')).toBe(boundary === 'path')
    // The failure of a seed does not take a tenant out of service.
    expect(await tenancy.tenants.get(schema)).toMatchObject({ status: 'active' })
  })
})

describe('steps', () => {
  test('a tenant whose steps run is not served, requests are told to come again, and a second resume is refused', async () => {
    const outside: unknown[] = []
    const { tenancy } = await tenancyWith(files, {
      resolve: [byHost({ base: 'example.com' })],
      hooks: {
        async onProvision({ schema }) {
          const resolution = await tenancy.resolve({ host: `${schema}.example.com` })
          outside.push(resolution.outcome, refusal(resolution as { outcome: 'maintenance' }).status)
          for (const call of [
            () => tenancy.run(schema, () => 1),
            () => tenancy.tenants.resume(schema),
            () => tenancy.tenants.activate(schema),
          ]) {
            outside.push(await call().catch((error: { code: string }) => error.code))
          }
          // Its own scope is entered.
          outside.push(tenancy.current().schema, (await tenancy.pool.query('select from log')).rowCount)
        },
      },
    })
    await tenancy.tenants.create({ schema: 'busy' })
    expect(outside).toEqual(['maintenance', 503, 'TENANT_MAINTENANCE', 'TENANT_LOCKED', 'INVALID_TENANT_MOVE', 'busy', 3])
    expect(await tenancy.run('busy', () => 1)).toBe(1)
  })

  test('seeds and hooks that take long use no connection that lookups and requests wait for', async () => {
    const { tenancy } = await tenancyWith(
      { ...files, 'seeds/slow/1.ts': 'export const seed = () => globalThis.lookUpInSeed()' },
      { pool: { sharedMax: 1, max: 1, connectionTimeoutMillis: 2000 }, tenantCacheMs: 0 },
    )
    await tenancy.tenants.create({ schema: 'slow1' })
    await tenancy.tenants.create({ schema: 'slow2' })
    Object.assign(globalThis, { lookUpInSeed: () => tenancy.run('slow2', () => tenancy.pool.query('select from log')) })
    expect((await tenancy.seed({ tenants: ['slow1', 'slow2'], set: 'slow' })).entries).toMatchObject([
      { state: 'done' },
      { state: 'done' },
    ])
  })

  test('a hook is called again by resume, and its error stays in the cause', async () => {
    let calls = 0
    const { tenancy } = await tenancyWith(files, {
      hooks: {
        async onProvision(_, { client }) {
          await client.query(`insert into log values ('hook')`)
          if (++calls === 1) throw new Error('the key is sk_live_1')
        },
      },
    })
    const problem = await tenancy.tenants
      .create({ schema: 'hooked', domains: ['hooked.example.com'] })
      .catch((error: unknown) => error)
    expect(problem).toMatchObject({
      code: 'PROVISION_FAILED',
      details: { step: 'hooks.onProvision' },
      cause: { message: 'the key is sk_live_1' },
    })
    expect(JSON.stringify([(problem as Error).message, await tenancy.tenants.steps('hooked')])).not.toContain('sk_live')
    expect(await tenancy.tenants.resume('hooked.example.com')).toMatchObject({ status: 'active' })
    expect((await words(tenancy, 'hooked')).filter((word) => word === 'hook')).toHaveLength(2)
  })

  test('a tenant that failed can be deleted, and its steps go with it', async () => {
    const { tenancy } = await tenancyWith({ ...files, 'seeds/03_bad.sql': 'select * from nowhere' })
    await expect(tenancy.tenants.create({ schema: 'given_up' })).rejects.toThrow('relation "nowhere" does not exist')
    const { id } = await tenancy.tenants.get('given_up')
    expect((await tenancy.seed({ tenants: 'given_up', set: 'demo' })).entries).toMatchObject([
      { state: 'failed', error: { code: 'INVALID_TENANT_MOVE' } },
    ])
    await tenancy.tenants.delete('given_up', { confirm: 'given_up' })
    const { rows } = await admins.path.query('select from partywall.tenant_steps where tenant_id = $1', [id])
    expect(rows).toEqual([])
  })

  test('a tenant whose steps failed is migrated with the others, so that it is not completed with old tables', async () => {
    const { tenancy, root } = await tenancyWith(
      { ...files, 'seeds/03_bad.sql': 'select * from later' },
      { migrations: { tenant: { older: 'migrations/tenant' } } },
    )
    await expect(tenancy.tenants.create({ schema: 'older', kind: 'older' })).rejects.toMatchObject({ code: 'PROVISION_FAILED' })
    await writeFiles(root, { 'migrations/tenant/0002_later.sql': 'create table later ()' })
    const { entries } = await tenancy.migrations.run({ kinds: 'older' })
    expect(entries).toMatchObject([{ target: 'older', state: 'done', applied: ['0002_later'] }])
    expect(await tenancy.tenants.resume('older')).toMatchObject({ status: 'active' })
  })

  test('a tenant is not completed while the shared schema has the name of a table that it lacks', async () => {
    const { tenancy, root } = await tenancyWith(
      { ...files, 'seeds/03_bad.sql': 'select * from nowhere' },
      { migrations: { shadowed: ['log'] }, tenantCacheMs: 0 },
    )
    await expect(tenancy.tenants.create({ schema: 'lacking' })).rejects.toMatchObject({ code: 'PROVISION_FAILED' })
    await admins.path.query('create table public.log (word text); drop table lacking.log')
    onTestFinished(async () => void (await admins.path.query('drop table public.log')))
    await writeFiles(root, { 'seeds/03_bad.sql': `insert into log values ('leaked')` })
    await expect(tenancy.tenants.resume('lacking')).rejects.toMatchObject({ code: 'NAME_IN_BOTH_SCOPES' })
    expect((await admins.path.query('select * from public.log')).rows).toEqual([])
  })

  test('a step whose file is gone is refused by name, and an empty file in its place does nothing', async () => {
    const { tenancy, root } = await tenancyWith({ ...files, 'seeds/03_bad.sql': 'select * from nowhere' })
    await expect(tenancy.tenants.create({ schema: 'gone' })).rejects.toMatchObject({ code: 'PROVISION_FAILED' })
    await rm(join(root, 'seeds/03_bad.sql'))
    await expect(tenancy.tenants.resume('gone')).rejects.toMatchObject({
      code: 'PROVISION_FAILED',
      details: { step: '03_bad.sql' },
    })
    expect(await tenancy.tenants.get('gone')).toMatchObject({ status: 'provisioning' })
    await writeFiles(root, { 'seeds/03_bad.sql': '-- nothing' })
    expect(await tenancy.tenants.resume('gone')).toMatchObject({ status: 'active' })
  })

  test('what cannot be used is refused before the tenant is made', async () => {
    const cases: [Record<string, string>, Config, string][] = [
      [{}, { seeds: 'absent' }, 'INVALID_SEED'],
      [{ 'seeds/a.txt': '' }, {}, 'INVALID_SEED'],
      [{ 'seeds/a b/x.sql': '' }, {}, 'INVALID_SEED'],
      [{ 'seeds/a.ts': 'export const sead = () => {}' }, {}, 'INVALID_SEED'],
      [{ 'seeds/a.ts': 'export const' }, {}, 'INVALID_SEED'],
      [{ 'seeds/a.sql': 'select 1\0' }, {}, 'INVALID_SEED'],
      [{ seeds: 'a file' }, {}, 'INVALID_SEED'],
    ]
    for (const [given, more, code] of cases) {
      const { tenancy } = await tenancyWith({ 'migrations/tenant/0001_log.sql': log, ...given }, more)
      await expect(tenancy.tenants.create({ schema: 'never' })).rejects.toMatchObject({ code })
      expect(await tenancy.tenants.find('never')).toBeUndefined()
    }
    const { tenancy } = await tenancyWith({ 'migrations/tenant/0001_log.sql': log, 'seeds/a.txt': '' }, { seeds: false })
    expect(await tenancy.tenants.create({ schema: 'without' })).toMatchObject({ status: 'active' })
    for (const options of [
      { tenants: 'without', set: 'x' },
      { tenants: 'without', set: '../x' },
      { set: 'x' },
      { tenants: true, sets: 'x' },
    ])
      await expect(tenancy.seed(options as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(() => createTenancy({ seeds: 1 as never })).toThrow('"seeds" must be a folder')
  })
})
