/** Rows that are copied hold what seeds have written: a tenant that is made of them must not get it twice. */
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeFiles } from '../support/tenants/registry.ts'

const databases = { path: await testDatabase(), role: await testDatabase() }
const root = await mkdtemp(join(tmpdir(), 'partywall-copied-'))
await writeFiles(root, {
  'migrations/tenant/0001_log.sql': 'create table log (word text); create table other (word text)',
  'seeds/1_log.sql': `insert into log values ('seed')`,
  'seeds/2_other.sql': `insert into other values ('seed')`,
  'seeds/demo/1_log.sql': `insert into log values ('demo')`,
})
afterAll(() => rm(root, { recursive: true }))

describe.each(['path', 'role'] as const)('under the boundary %s', (boundary) => {
  const opened = (async () => {
    const { url, directUrl } = databases[boundary]
    const { app, deploy } = await leastPrivilege(directUrl, url)
    const calls: string[] = []
    const tenancy = createTenancy({
      root,
      boundary,
      database: { connectionString: app, deploy },
      hooks: { onProvision: ({ schema }) => void calls.push(schema) },
    })
    const admin = new Client(directUrl)
    await admin.connect()
    return { tenancy, admin, calls }
  })()
  beforeAll(async () => {
    const { tenancy } = await opened
    await rm(join(root, 'migrations/tenant/0002_more.sql'), { force: true })
    await tenancy.tenants.create({ schema: 'acme' })
    await tenancy.seed({ tenants: 'acme', set: 'demo' })
  })
  afterAll(async () => {
    const { tenancy, admin } = await opened
    await Promise.all([tenancy.close(), admin.end()])
  })
  const words = async (schema: string, table = 'log'): Promise<string[]> => {
    const { rows } = await (await opened).admin.query<{ word: string }>(`select word from "${schema}".${table} order by 1`)
    return rows.map(({ word }) => word)
  }
  const stepsOf = async (schema: string): Promise<string[]> =>
    (await (await opened).tenancy.tenants.steps(schema)).map(({ name, state }) => `${name} ${state}`)

  test('a clone with rows has the seeds of its source, and they do not run in it again', async () => {
    const { tenancy } = await opened
    await tenancy.tenants.clone('acme', { schema: 'copy' })
    expect(await stepsOf('copy')).toEqual(['1_log.sql done', '2_other.sql done', 'demo/1_log.sql done'])
    for (const set of [undefined, 'demo']) expect(await tenancy.seed({ tenants: 'copy', set })).toMatchObject({ ok: true })
    expect(await words('copy')).toEqual(['demo', 'seed'])
    await tenancy.tenants.clone('acme', { schema: 'bare', data: false })
    expect(await tenancy.seed({ tenants: 'bare' })).toMatchObject({
      ok: true,
      entries: [{ seeds: ['1_log.sql', '2_other.sql'] }],
    })
    expect(await words('bare')).toEqual(['seed'])
  })

  test('a template with rows must say whether they hold what the seeds wrote; included seeds do not run in its tenants', async () => {
    const { tenancy, calls } = await opened
    const { templates, tenants } = tenancy
    const rows = ['log', 'other']
    await expect(templates.save('demo', { from: 'acme', rows })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { option: 'seeds' },
      message: expect.stringContaining('1_log.sql'),
    })
    await expect(templates.save('demo', { from: 'acme', rows, seeds: 'none' as never })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    expect(await templates.list()).toEqual([])
    const saved = await templates.save('demo', { from: 'acme', rows, seeds: 'included' })
    expect(saved.seeds).toEqual(['1_log.sql', '2_other.sql', 'demo/1_log.sql'])
    expect(await tenants.create({ schema: 'made', template: 'demo' })).toMatchObject({ status: 'active' })
    expect([await words('made'), await words('made', 'other')]).toEqual([['demo', 'seed'], ['seed']])
    expect(await stepsOf('made')).toEqual(['1_log.sql done', '2_other.sql done', 'hooks.onProvision done', 'demo/1_log.sql done'])
    expect(calls).toContain('made')
    await tenancy.seed({ tenants: 'made', set: 'demo' })
    expect(await words('made')).toEqual(['demo', 'seed'])
    // A migration of the template examines it again, and keeps that.
    await writeFiles(root, { 'migrations/tenant/0002_more.sql': 'alter table log add column more int' })
    expect((await tenancy.migrations.run({ tenants: true })).ok).toBe(true)
    await tenants.create({ schema: 'made_2', template: 'demo' })
    expect(await words('made_2')).toEqual(['demo', 'seed'])
  })

  test('a template whose rows hold nothing of the seeds lets them run', async () => {
    const { tenancy, admin } = await opened
    await tenancy.templates.save('plain', { from: 'acme' })
    await tenancy.tenants.create({ schema: 'plain', template: 'plain' })
    expect(await words('plain')).toEqual(['seed'])
    await admin.query('delete from acme.log')
    await tenancy.templates.save('runs', { from: 'acme', rows: ['log'], seeds: 'run' })
    await tenancy.tenants.create({ schema: 'runs', template: 'runs' })
    expect([await words('runs'), await words('runs', 'other')]).toEqual([['seed'], ['seed']])
  })
})
