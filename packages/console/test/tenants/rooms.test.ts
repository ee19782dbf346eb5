/** Domains, members and settings of a tenant by the API of the console. */
import { createTenancy } from 'partywall'
import { afterAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { testDatabase } from '../../../partywall/test/support/servers/database.ts'
import { consoleOf } from './console.ts'

const { url } = await testDatabase()
const secret = 'hunter2-hunter2'
const migrations = { shared: false, tenant: false } as const
const tenancy = createTenancy({
  database: url,
  migrations,
  members: { roles: { editor: { can: ['polls.write'] } } },
  settings: {
    schema: z.object({
      limits: z.object({ seats: z.number().int().min(1) }),
      smtp: z.object({ host: z.string(), password: z.string().optional() }),
      motto: z.string().optional(),
    }),
    defaults: { limits: { seats: 5 }, smtp: { host: 'localhost' } },
    secrets: ['smtp.password'],
    key: 'k'.repeat(40),
  },
  pool: { max: 3 },
})
const plain = createTenancy({ database: url, migrations, pool: { max: 2 } })
const ask = consoleOf(tenancy)
await tenancy.tenants.create({ schema: 'acme' })
await tenancy.tenants.create({ schema: 'globex' })
afterAll(async () => {
  await Promise.all([tenancy.close(), plain.close()])
})

const names = async () =>
  (await ask('acme/domains')).body.domains.map((each: any) => `${each.domain}${each.isPrimary ? ' primary' : ''}`)
const entry = async (key: string) => (await ask('acme/settings')).body.settings.find((each: any) => each.key === key)

describe('domains', () => {
  test('are added, made primary and removed', async () => {
    await ask('acme/domains', { body: { domain: 'acme.example.com' } })
    await ask('acme/domains', { body: { domain: 'www.acme.test', primary: true } })
    expect(await names()).toEqual(['www.acme.test primary', 'acme.example.com'])
    expect((await ask('acme/domains/remove', { body: { domain: 'www.acme.test' } })).body.code).toBe('PRIMARY_DOMAIN')
    expect((await ask('acme/domains/primary', { body: { domain: 'acme.example.com' } })).status).toBe(204)
    expect((await ask('acme/domains/remove', { body: { domain: 'www.acme.test' } })).status).toBe(204)
    expect(await names()).toEqual(['acme.example.com primary'])
  })

  test('of another tenant are neither taken nor removed', async () => {
    const taken = await ask('globex/domains', { body: { domain: 'acme.example.com' } })
    expect([taken.status, Object.keys(taken.body.fields)]).toEqual([409, ['domain']])
    expect((await ask('globex/domains/remove', { body: { domain: 'acme.example.com' } })).body.code).toBe('UNKNOWN_DOMAIN')
    expect(await names()).toEqual(['acme.example.com primary'])
  })

  test('a claim says the record to set, and without it nothing is proven', async () => {
    const { status, body } = await ask('acme/claims', { body: { domain: 'polls.acme-customer.com' } })
    expect(status).toBe(201)
    expect(body.record).toMatchObject({ name: '_partywall.polls.acme-customer.com', type: 'TXT' })
    expect((await ask('acme/claims', { body: { domain: 'github.io' } })).body.fields).toHaveProperty('domain')
    expect((await ask('globex/claims/release', { body: { domain: 'polls.acme-customer.com' } })).body.code).toBe('UNKNOWN_DOMAIN')
    expect((await ask('acme/claims/release', { body: { domain: 'polls.acme-customer.com' } })).status).toBe(204)
  })
})

describe('members', () => {
  test('are added, get roles, and the last owner stays', async () => {
    await ask('acme/members', { body: { userId: 'ada', role: 'owner' } })
    await ask('acme/members', { body: { userId: '<b>/نص😀', role: 'editor' } })
    const { members, roles } = (await ask('acme/members')).body
    expect(members.map(({ userId, role }: any) => [userId, role])).toEqual(
      expect.arrayContaining([
        ['ada', 'owner'],
        ['<b>/نص😀', 'editor'],
      ]),
    )
    expect(roles.map(({ name }: any) => name)).toEqual(expect.arrayContaining(['owner', 'admin', 'member', 'editor']))
    expect((await ask('acme/members/remove', { body: { userId: 'ada' } })).body.code).toBe('LAST_OWNER')
    expect((await ask('acme/members', { body: { userId: 'ada', role: 'member' } })).body.fields).toHaveProperty('userId')
    expect((await ask('acme/members', { body: { userId: 'x', role: 'king' } })).body.fields).toHaveProperty('role')
    await ask('acme/members/role', { body: { userId: '<b>/نص😀', role: 'member' } })
    expect((await ask('acme/members/transfer', { body: { from: 'ada', to: '<b>/نص😀' } })).status).toBe(204)
    expect((await ask('acme/members/remove', { body: { userId: 'ada' } })).status).toBe(204)
  })

  test('of one tenant are unknown to another', async () => {
    expect((await ask('globex/members')).body.members).toEqual([])
    expect((await ask('globex/members/remove', { body: { userId: '<b>/نص😀' } })).body.code).toBe('NOT_A_MEMBER')
  })

  test('an invitation gives its token once, and is revoked', async () => {
    const { status, body } = await ask('acme/invitations', { body: { email: 'eve@example.com', role: 'editor', days: 2 } })
    expect(status).toBe(201)
    expect(body.token).toMatch(/^[\w-]{43}$/)
    const list = (await ask('acme/members')).body
    expect(JSON.stringify(list)).not.toContain(body.token)
    expect(list.invitations).toMatchObject([{ email: 'eve@example.com', state: 'open' }])
    expect((await ask(`globex/invitations/${body.id}`, { method: 'DELETE' })).status).toBe(404)
    expect((await ask(`acme/invitations/${body.id}`, { method: 'DELETE' })).status).toBe(204)
  })
})

describe('settings', () => {
  test('have a value with the layer that it comes from', async () => {
    expect(await entry('limits.seats')).toEqual({ key: 'limits.seats', value: 5, from: 'defaults', isSecret: false })
    expect((await ask('acme/settings', { method: 'PUT', body: { key: 'limits.seats', value: 9 } })).status).toBe(204)
    expect(await entry('limits.seats')).toMatchObject({ value: 9, from: 'tenant' })
    await ask('acme/settings/unset', { body: { key: 'limits.seats' } })
    expect(await entry('limits.seats')).toMatchObject({ value: 5, from: 'defaults' })
  })

  test('a value that does not fit is refused at its key', async () => {
    const { status, body } = await ask('acme/settings', { method: 'PUT', body: { key: 'limits.seats', value: 0 } })
    expect([status, Object.keys(body.fields)]).toEqual([400, ['limits.seats']])
    expect((await ask('acme/settings', { method: 'PUT', body: { key: '__proto__.polluted', value: 1 } })).status).toBe(400)
    expect(({} as any).polluted).toBeUndefined()
  })

  test('a secret is set, and never shown', async () => {
    const { unset } = (await ask('acme/settings')).body
    expect(unset).toEqual([
      { key: 'smtp.password', isSecret: true },
      { key: 'motto', isSecret: false },
    ])
    await ask('acme/settings', { method: 'PUT', body: { key: 'smtp.password', value: secret } })
    expect((await tenancy.settings.of('acme')).smtp.password).toBe(secret)
    expect(await entry('smtp.password')).toEqual({ key: 'smtp.password', from: 'tenant', isSecret: true })
    expect(JSON.stringify((await ask('acme/settings')).body)).not.toContain(secret)
  })

  test('without the option nothing fails', async () => {
    expect((await consoleOf(plain)('acme/settings')).body).toMatchObject({ isOn: false, settings: [] })
    expect((await consoleOf(plain)('acme')).body.hasSettings).toBe(false)
    expect((await consoleOf(plain)('acme')).body.form).toEqual({ isChecked: false })
  })
})
