/** The life of a tenant by the API of the console, from its form to its deletion. */
import { byHost, createTenancy } from 'partywall'
import { afterAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { testDatabase } from '../../../partywall/test/support/servers/database.ts'
import { consoleOf, versionOf } from './console.ts'

const { url } = await testDatabase()
let seedFails = false
const secret = 'hunter2-hunter2'
const tenancy = createTenancy({
  database: url,
  migrations: { shared: false, tenant: { default: false, enterprise: false } },
  resolve: [byHost({ base: 'example.com' })],
  seeds: false,
  tenant: {
    attributes: z.object({
      plan: z.enum(['free', 'pro']).default('free'),
      seats: z.int().min(1).max(500).optional(),
      paidUntil: z.iso.date().nullable().optional(),
      smtp: z.object({ host: z.string(), password: z.string() }).optional(),
      webhookSecret: z.string().optional(),
      pin: z.string().meta({ writeOnly: true }).optional(),
    }),
  },
  hooks: {
    onProvision: async (): Promise<void> => {
      if (seedFails) throw new Error('the mail server is away')
    },
  },
  pool: { max: 3 },
})
const ask = consoleOf(tenancy)
afterAll(() => tenancy.close())

const change = async (tenant: string, path: string, body: unknown, method = 'POST') =>
  ask(`${tenant}${path}`, { method, body, version: await versionOf(ask, tenant) })

describe('creating', () => {
  test('the form comes from the schema of the attributes', async () => {
    const { form, kinds } = (await ask('~options')).body
    expect(kinds).toEqual(['default', 'enterprise'])
    const of = (name: string) => form.fields.find((field: any) => field.name === name)
    expect(of('plan')).toMatchObject({ kind: 'choice', choices: ['free', 'pro'], default: 'free', isRequired: false })
    expect(of('seats')).toMatchObject({ kind: 'integer', least: 1, most: 500 })
    expect(of('paidUntil')).toMatchObject({ kind: 'date', label: 'Paid until', isNullable: true })
    expect([of('webhookSecret').isSecret, of('pin').isSecret, of('smtp').kind]).toEqual([true, true, 'json'])
  })

  test('tells each step, and where the tenant is', async () => {
    const { events } = await ask('', {
      body: { schema: 'acme', name: 'Acme', domains: ['acme.example.com'], attributes: { seats: 3 } },
    })
    expect(events.map((event) => (event.type === 'step' ? `${event.step.name}: ${event.step.state}` : event.type))).toEqual([
      'Make the schema and its tables: running',
      'Make the schema and its tables: done',
      'hooks.onProvision: running',
      'hooks.onProvision: done',
      'done',
    ])
    expect(events.at(-1)).toMatchObject({ schema: 'acme', url: 'https://acme.example.com/' })
    const [entry] = await tenancy.audit.list({ tenant: 'acme', action: 'tenant.created' })
    expect(entry!.actor).toBe('ann')
  })

  test.each([
    [{ schema: 'acme' }, 'SCHEMA_EXISTS', 'schema'],
    [{ schema: 'Acme; drop' }, 'INVALID_SCHEMA_NAME', 'schema'],
    [{ schema: 'other', domains: ['acme.example.com'] }, 'DOMAIN_EXISTS', 'domain'],
    [{ schema: 'other', kind: 'odd' }, 'UNKNOWN_KIND', 'kind'],
    [{ schema: 'other', template: 'none' }, 'UNKNOWN_TEMPLATE', 'template'],
    [{ schema: 'other', attributes: { seats: 0 } }, 'INVALID_ATTRIBUTES', 'attributes.seats'],
    [{ schema: 'other', attributes: { smtp: { host: 1, password: 'x' } } }, 'INVALID_ATTRIBUTES', 'attributes.smtp.host'],
  ])('%j is refused at its field, and nothing is left', async (body, code, field) => {
    const { events } = await ask('', { body })
    const last = events.at(-1)!
    expect(last).toMatchObject({ type: 'failed', problem: { code } })
    expect(Object.keys((last as any).problem.fields)).toEqual([field])
    expect(await tenancy.tenants.find({ schema: 'other' })).toBeUndefined()
  })

  test('a hook that fails leaves the tenant, and resume completes it', async () => {
    seedFails = true
    const failed = (await ask('', { body: { schema: 'late' } })).events
    expect(failed.at(-1)).toMatchObject({ type: 'failed', resumable: 'late', problem: { code: 'PROVISION_FAILED' } })
    expect((await ask('late')).body).toMatchObject({
      status: 'failed',
      moves: ['resume', 'delete'],
      steps: [{ state: 'failed' }],
    })
    seedFails = false
    const { events } = await ask('late/resume', { method: 'POST' })
    expect(events.at(-1)).toMatchObject({ type: 'done', schema: 'late' })
    expect((await ask('late')).body.status).toBe('active')
  })

  test('the structure of another tenant, and a date of expiry', async () => {
    const expiresAt = '2030-01-02T03:04:05.000Z'
    const { events } = await ask('', { body: { schema: 'likeacme', structureOf: 'acme', expiresAt } })
    expect(events.at(-1)).toMatchObject({ type: 'done' })
    expect((await ask('likeacme')).body.expiresAt).toBe(expiresAt)
  })
})

describe('secrets', () => {
  test('are never shown, and stay when the form sends back what it got', async () => {
    const attributes = { webhookSecret: secret, pin: secret, smtp: { host: 'a', password: secret } }
    await change('acme', '', { attributes: { set: attributes } }, 'PATCH')
    const shown = (await ask('acme')).body
    expect(JSON.stringify(shown)).not.toContain(secret)
    expect(shown.attributes).toMatchObject({ webhookSecret: '***', pin: '***', smtp: { host: 'a', password: '***' } })
    const { status } = await change(
      'acme',
      '',
      { attributes: { set: { smtp: { host: 'b', password: '***' }, pin: '***' } } },
      'PATCH',
    )
    expect(status).toBe(200)
    expect((await tenancy.tenants.get('acme')).attributes).toMatchObject({ pin: secret, smtp: { host: 'b', password: secret } })
  })
})

describe('changing', () => {
  test('name, external id, expiry and attributes', async () => {
    const name = '<script>alert(1)</script> شركة 😀'
    const body = {
      name,
      externalId: 'org_1',
      expiresAt: '2031-01-01T00:00:00Z',
      attributes: { set: { plan: 'pro' }, unset: ['seats'] },
    }
    expect((await change('acme', '', body, 'PATCH')).body).toMatchObject({
      name,
      externalId: 'org_1',
      attributes: { plan: 'pro' },
    })
    const cleared = await change('acme', '', { externalId: null, expiresAt: null }, 'PATCH')
    expect([cleared.body.externalId, cleared.body.expiresAt, cleared.body.attributes.seats]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('a change of what another process has changed meanwhile is refused', async () => {
    const version = await versionOf(ask, 'acme')
    await using other = createTenancy({
      database: url,
      migrations: { shared: false, tenant: { default: false, enterprise: false } },
    })
    await other.tenants.suspend('acme')
    for (const [path, body] of [
      ['/status', { status: 'maintenance' }],
      ['/archive', {}],
      ['/rename', { schema: 'acme2' }],
    ] as const) {
      const answer = await ask(`acme${path}`, { body, version })
      expect([answer.status, answer.body.code]).toEqual([409, 'TENANT_CHANGED_MEANWHILE'])
    }
    expect((await ask('acme/archive', { body: {} })).status).toBe(428)
    await expect.poll(async () => (await ask('acme')).body.status).toBe('suspended')
  })

  test('of two changes that saw the same version, the second does nothing, also at the same moment', async () => {
    const { version, name } = (await ask('acme')).body
    const rename = (number: number) => ask('acme/rename', { body: { name: `Racer ${number}` }, version })
    const answers = await Promise.all([1, 2, 3, 4].map(rename))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409])
    const first = answers.findIndex(({ status }) => status === 200) + 1
    expect((await ask('acme')).body.name).toBe(`Racer ${first}`)
    expect((await change('acme', '/rename', { name })).status).toBe(200)
  })

  test('status, and back', async () => {
    expect((await change('acme', '/status', { status: 'maintenance' })).body.status).toBe('maintenance')
    expect((await change('acme', '/status', { status: 'active' })).body.status).toBe('active')
  })

  test('its schema is renamed', async () => {
    expect((await change('acme', '/rename', { schema: 'late' })).body.fields).toHaveProperty('schema')
    expect((await change('acme', '/rename', { schema: 'acme-inc' })).body.schema).toBe('acme-inc')
    expect((await ask('acme')).status).toBe(404)
    await change('acme-inc', '/rename', { schema: 'acme' })
  })
})

test('a clone has a plan first, and keeps the attributes', async () => {
  const plan = (await ask('acme/clone/plan', { body: { schema: 'copy' } })).body
  expect(plan).toMatchObject({ refused: [], tables: [] })
  const { events } = await ask('acme/clone', { body: { schema: 'copy', name: 'Copy' } })
  expect(events.at(-1)).toMatchObject({ type: 'done', schema: 'copy' })
  expect((await tenancy.tenants.get('copy')).attributes).toMatchObject({ plan: 'pro' })
  expect((await ask('acme/clone', { body: { schema: 'copy2', mask: { 'users.email': { sql: 'pg_sleep(9)' } } } })).status).toBe(
    422,
  )
})

test('archived, restored, deleted by its name', async () => {
  const archived = (await change('copy', '/archive', { purgeAfterDays: 30 })).body
  expect(archived).toMatchObject({ status: 'archived', formerSchema: 'copy' })
  const restored = (await change(archived.schema, '/restore', {})).body
  expect(restored.tenant).toMatchObject({ schema: 'copy', status: 'active' })
  const plan = (await ask('copy/delete')).body
  expect(plan).toMatchObject({ schema: 'copy', references: [] })
  expect((await change('copy', '/delete', { confirm: 'kopy' })).body.code).toBe('INVALID_ARGUMENT')
  expect((await change('copy', '/delete', { confirm: 'copy' })).status).toBe(200)
  expect((await ask('copy')).status).toBe(404)
})

test('what is due is shown, and purged', async () => {
  await change('likeacme', '', { expiresAt: '2020-01-01T00:00:00Z' }, 'PATCH')
  expect((await ask('~due')).body.due).toEqual([{ schema: 'likeacme', action: 'delete' }])
  expect((await ask('~purge', { method: 'POST' })).body).toEqual({ done: 1, failed: [] })
  expect((await ask('likeacme')).status).toBe(404)
})

describe('roles', () => {
  const changes: readonly (readonly [path: string, method: string])[] = [
    ['', 'POST'],
    ['acme', 'PATCH'],
    ...[
      'resume',
      'rename',
      'status',
      'archive',
      'restore',
      'clone',
      'clone/plan',
      'domains',
      'domains/primary',
      'domains/remove',
    ].map((path) => [`acme/${path}`, 'POST'] as const),
    ...[
      'claims',
      'claims/verify',
      'claims/release',
      'members',
      'members/role',
      'members/remove',
      'invitations',
      'settings/unset',
    ].map((path) => [`acme/${path}`, 'POST'] as const),
    ['acme/settings', 'PUT'],
    ['acme/invitations/x', 'DELETE'],
  ]
  const removals = [
    ['acme/delete', 'POST'],
    ['acme/delete', 'GET'],
    ['acme/members/transfer', 'POST'],
    ['~purge', 'POST'],
  ] as const

  test.each([...changes, ...removals])('a viewer may not %s (%s)', async (path, method) => {
    const { status, body } = await ask(path, { method, role: 'viewer', ...(method !== 'GET' && { raw: '{}' }) })
    expect([status, body.code]).toEqual([403, 'ROLE_REQUIRED'])
  })

  test.each(removals)('an operator may not %s (%s)', async (path, method) => {
    const { status } = await ask(path, { method, role: 'operator', ...(method !== 'GET' && { raw: '{}' }) })
    expect(status).toBe(403)
  })
})

describe('what is forged', () => {
  test.each(['..%2F..%2Fetc', 'acme%00', '%22;drop', 'x'.repeat(5000), '__proto__', 'public', '~nothing'])(
    'the tenant %s is unknown',
    async (tenant) => {
      expect((await ask(tenant)).body.code).toBe('UNKNOWN_TENANT')
    },
  )

  test.each(['{', '[]', '{"schema":"a","status":"active"}', '{"schema":1}'])('the body %s is refused', async (raw) => {
    const { status } = await ask('', { raw, method: 'POST' })
    expect([400, 422]).toContain(status)
  })

  test('a body of more than a megabyte is refused', async () => {
    expect((await ask('', { body: { schema: 'a', attributes: { plan: 'x'.repeat(1_100_000) } } })).status).toBe(413)
  })
})
