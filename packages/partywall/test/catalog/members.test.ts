/** Members: who belongs to a tenant, with which role; the last owner and the seats hold also when two requests run at once. */
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { auditOf, lastEntry } from '../support/tenants/audit.ts'

const { url } = await testDatabase()
const config = {
  database: url,
  migrations: { tenant: false, shared: false } as const,
  tenantCacheMs: 60_000,
  members: {
    roles: { editor: { can: ['polls.write'] }, admin: { can: ['polls.write', 'members.invite'] } },
    permissions: ['polls.read', 'polls.close'],
    seats: (tenant: { attributes: object }) => (tenant.attributes as { seats?: number }).seats,
  },
}
const tenancy = createTenancy(config)
const other = createTenancy(config)
const { members } = tenancy
const watching = new Promise((resolve) => other.on('lookups.watching', resolve))
const admin = new Client(url)
beforeAll(() => admin.connect())
afterAll(() => Promise.all([tenancy.close(), other.close(), admin.end()]))

let schema: string
beforeEach(async () => {
  schema = `t${crypto.randomUUID().slice(0, 8)}`
  await tenancy.tenants.create({ schema })
  await members.add(schema, 'ada', { role: 'owner' })
})

const code = (name: string) => expect.objectContaining({ code: name })
const settled = async (calls: readonly Promise<unknown>[]): Promise<(string | undefined)[]> =>
  (await Promise.allSettled(calls)).map((one) => (one.status === 'fulfilled' ? undefined : (one.reason as { code: string }).code))

describe('members', () => {
  test('belong to one tenant each, and the same user id in another tenant is no member there', async () => {
    const foreign = await tenancy.tenants.create({ schema: `${schema}_b` })
    expect(await members.find(schema, 'ada')).toMatchObject({ role: 'owner', userId: 'ada' })
    expect(await members.find(foreign, 'ada')).toBeUndefined()
    await expect(members.check(foreign, 'ada')).rejects.toEqual(code('NOT_A_MEMBER'))
    expect([await members.has(schema, 'ada'), await members.has(foreign, 'ada'), await members.has(schema, undefined)]).toEqual([
      true,
      false,
      false,
    ])
    await members.add(foreign, 'ada', { role: 'editor' })
    const mine = await members.listOf('ada', { limit: 1000 })
    expect(
      mine.filter(({ tenant }) => tenant.schema.startsWith(schema)).map(({ tenant, role }) => [tenant.schema, role]),
    ).toEqual([
      [schema, 'owner'],
      [`${schema}_b`, 'editor'],
    ])
    expect((await members.listOf('ada', { limit: 1, cursor: schema }))[0]!.tenant.schema).toBe(`${schema}_b`)
    await expect(members.listOf('ada', { cursor: 'a\0' })).rejects.toEqual(code('UNKNOWN_TENANT'))
  })

  test('are listed page by page, and are gone with their tenant', async () => {
    for (const user of ['b', 'c', 'd']) await members.add(schema, user)
    const page = await members.list(schema, { limit: 2 })
    const next = await members.list(schema, { limit: 2, cursor: page.at(-1) })
    expect([...page, ...next].map(({ userId, role }) => `${userId} ${role}`)).toEqual([
      'ada owner',
      'b member',
      'c member',
      'd member',
    ])
    const { id } = await tenancy.tenants.get(schema)
    await tenancy.tenants.delete(schema, { confirm: schema })
    expect((await admin.query('select from partywall.members where tenant_id = $1', [id])).rowCount).toBe(0)
  })

  test('are recorded with the actor, and not without their change', async () => {
    const since = await lastEntry(admin)
    await tenancy.actingAs('user:ada', async () => {
      await members.add(schema, 'bob', { role: 'editor' })
      await members.setRole(schema, 'bob', 'admin')
      await members.setRole(schema, 'bob', 'admin')
      await members.transferOwnership(schema, { from: 'ada', to: 'bob' })
      await members.remove(schema, 'ada')
      await expect(members.remove(schema, 'bob')).rejects.toEqual(code('LAST_OWNER'))
    })
    const entries = await auditOf(admin, since)
    expect(entries.map(({ actor, action, object, details }) => [actor, action, object, details])).toEqual([
      ['user:ada', 'member.added', 'bob', { role: 'editor' }],
      ['user:ada', 'member.role', 'bob', { role: 'admin', before: 'editor' }],
      ['user:ada', 'member.ownership', 'bob', { from: 'ada' }],
      ['user:ada', 'member.role', 'ada', { role: 'admin', before: 'owner' }],
      ['user:ada', 'member.removed', 'ada', { role: 'admin' }],
    ])
  })

  test('a user is added once, also by two calls at once', async () => {
    expect((await settled([members.add(schema, 'twin'), members.add(schema, 'twin')])).toSorted()).toEqual([
      'MEMBER_EXISTS',
      undefined,
    ])
  })

  test.each(['', 'x'.repeat(256), 'a\nb', 'a\0', 'a\u2028b', '\u202ea', '\ud800', 7 as never, null as never])(
    'refuse the user id %j',
    async (userId) => {
      for (const call of [() => members.find(schema, userId), () => members.add(schema, userId), () => members.listOf(userId)])
        await expect(call()).rejects.toEqual(code('INVALID_ARGUMENT'))
    },
  )

  test('a change is seen by a process that has the answer cached, and costs no query until then', async () => {
    // What is looked up before stays cached for the time that the option says.
    await other.tenants.find('first')
    await watching
    expect(await other.members.find(schema, 'eve')).toBeUndefined()
    await members.add(schema, 'eve')
    await vi.waitFor(async () => expect(await other.members.find(schema, 'eve')).toMatchObject({ role: 'member' }))
    const query = vi.spyOn(other.sharedPool, 'query')
    const connect = vi.spyOn(other.sharedPool, 'connect')
    for (let i = 0; i < 10; i++) await other.members.check(schema, 'eve')
    expect([query.mock.calls.length, connect.mock.calls.length]).toEqual([0, 0])
    await members.remove(schema, 'eve')
    await vi.waitFor(async () => expect(await other.members.has(schema, 'eve')).toBe(false))
    // By SQL of another program, too.
    await other.members.find(schema, 'mallory')
    await admin.query(`insert into partywall.members select id, 'mallory', 'member' from partywall.tenants where schema = $1`, [
      schema,
    ])
    await vi.waitFor(async () => expect(await other.members.has(schema, 'mallory')).toBe(true))
  })
})

describe('the last owner', () => {
  test('stays when two owners leave at the same time, whichever way', async () => {
    await members.add(schema, 'bob', { role: 'owner' })
    const codes = await settled([members.remove(schema, 'ada'), members.setRole(schema, 'bob', 'member')])
    expect(codes.toSorted()).toEqual(['LAST_OWNER', undefined])
    expect((await members.list(schema)).filter(({ role }) => role === 'owner')).toHaveLength(1)
  })

  test('hands the tenant over once', async () => {
    await members.add(schema, 'bob')
    await members.add(schema, 'cyd')
    const codes = await settled(['bob', 'cyd'].map((to) => members.transferOwnership(schema, { from: 'ada', to })))
    expect(codes.toSorted()).toEqual(['INVALID_ARGUMENT', undefined])
    expect((await members.list(schema)).filter(({ role }) => role === 'owner')).toHaveLength(1)
    await expect(members.transferOwnership(schema, { from: 'ada', to: 'stranger' })).rejects.toEqual(code('INVALID_ARGUMENT'))
  })
})

describe('roles', () => {
  test('an owner passes everywhere; others need one of the roles and all of the permissions', async () => {
    await members.add(schema, 'ed', { role: 'editor' })
    await members.add(schema, 'mo')
    await members.check(schema, 'ada', { roles: 'admin', can: ['polls.write', 'members.invite', 'polls.close'] })
    await members.check(schema, 'ed', { roles: ['admin', 'editor'], can: 'polls.write' })
    for (const [user, required] of [
      ['ed', { roles: 'admin' }],
      ['ed', { can: ['polls.write', 'members.invite'] }],
      ['mo', { can: 'polls.write' }],
    ] as const)
      await expect(members.check(schema, user, required)).rejects.toEqual(code('NOT_PERMITTED_ROLE'))
    await expect(members.check(schema, 'ada', { can: 'polls.wirte' })).rejects.toThrow('Did you mean "polls.write"?')
    await expect(members.check(schema, 'mo', { roles: [] })).rejects.toEqual(code('INVALID_ARGUMENT'))
    await expect(members.add(schema, 'x', { role: 'edtor' })).rejects.toThrow('Did you mean "editor"?')
  })

  test('a tenant defines its own, from what the application offers; another tenant does not have them', async () => {
    await members.defineRole(schema, 'closer', { can: ['polls.close'] })
    await members.add(schema, 'cleo', { role: 'closer' })
    expect((await members.check(schema, 'cleo', { can: 'polls.close' })).permissions).toEqual(['polls.close'])
    await members.defineRole(schema, 'closer', { can: ['polls.read'] })
    await expect(members.check(schema, 'cleo', { can: 'polls.close' })).rejects.toEqual(code('NOT_PERMITTED_ROLE'))
    await expect(members.removeRole(schema, 'closer')).rejects.toEqual(code('ROLE_IN_USE'))
    // Not what the application keeps for its own roles, nor a name that means the same everywhere.
    await expect(members.defineRole(schema, 'root', { can: ['members.invite'] })).rejects.toEqual(code('INVALID_ARGUMENT'))
    await expect(members.defineRole(schema, 'admin', { can: [] })).rejects.toEqual(code('INVALID_ARGUMENT'))
    const foreign = await tenancy.tenants.create({ schema: `${schema}_b` })
    await expect(members.add(foreign, 'x', { role: 'closer' })).rejects.toEqual(code('UNKNOWN_ROLE'))
    expect((await members.roles(schema)).map(({ name, by }) => `${name} ${by}`)).toEqual([
      'owner partywall',
      'admin partywall',
      'member partywall',
      'editor application',
      'closer tenant',
    ])
    await members.setRole(schema, 'cleo', 'member')
    await members.removeRole(schema, 'closer')
    await expect(members.setRole(schema, 'cleo', 'closer')).rejects.toEqual(code('UNKNOWN_ROLE'))
  })

  test('a permission that the application does not offer any more counts no more', async () => {
    await members.defineRole(schema, 'closer', { can: ['polls.close'] })
    await members.add(schema, 'cleo', { role: 'closer' })
    await using later = createTenancy({ ...config, members: { permissions: ['polls.read'] } })
    expect((await later.members.check(schema, 'cleo')).permissions).toEqual([])
    await members.add(schema, 'ed', { role: 'editor' })
    expect((await later.members.check(schema, 'ed')).permissions).toEqual([])
  })
})

describe('invitations', () => {
  test('work once, also for two users at once; the token is stored as a hash only', async () => {
    const since = await lastEntry(admin)
    const { token, id } = await members.invite(schema, { email: 'Bob@Example.COM', role: 'editor' })
    const stored = JSON.stringify((await admin.query('select * from partywall.invitations where id = $1', [id])).rows)
    expect(stored).toContain('bob@example.com')
    expect(stored).not.toContain(token)
    expect((await settled([members.accept(token, 'bob'), members.accept(token, 'bobby')])).toSorted()).toEqual([
      'INVALID_INVITATION',
      undefined,
    ])
    expect(await members.list(schema)).toHaveLength(2)
    await expect(members.accept(token, 'late')).rejects.toEqual(code('INVALID_INVITATION'))
    expect((await members.invitations(schema)).map(({ state }) => state)).toEqual(['accepted'])
    expect(JSON.stringify(await auditOf(admin, since))).not.toMatch(/example\.com|@/i)
  })

  test('two of them for one seat: one user comes in, and the other invitation stays open', async () => {
    await tenancy.tenants.update(schema, { attributes: { seats: 2 } })
    const invited = await Promise.all(['a', 'b'].map((name) => members.invite(schema, { email: `${name}@example.com` })))
    const codes = await settled(invited.map(({ token }, index) => members.accept(token, `user-${index}`)))
    expect(codes.toSorted()).toEqual(['SEATS_TAKEN', undefined])
    expect(await members.list(schema)).toHaveLength(2)
    await tenancy.tenants.update(schema, { attributes: { seats: 3 } })
    const left = codes.findIndex((one) => one === 'SEATS_TAKEN')
    expect(await members.accept(invited[left]!.token, `user-${left}`)).toMatchObject({ role: 'member' })
  })

  test('are refused alike when they are over, revoked, replaced, for another address, or made up', async () => {
    const over = await members.invite(schema, { email: 'over@example.com', expiresInMs: 1000 })
    await admin.query(`update partywall.invitations set expires_at = now() - interval '1 s' where id = $1`, [over.id])
    const revoked = await members.invite(schema, { email: 'revoked@example.com' })
    await members.revokeInvitation(schema, revoked.id)
    const replaced = await members.invite(schema, { email: 'twice@example.com' })
    const current = await members.invite(schema, { email: 'TWICE@example.com' })
    const messages = new Set<string>()
    for (const call of [
      () => members.accept(over.token, 'u'),
      () => members.accept(revoked.token, 'u'),
      () => members.accept(replaced.token, 'u'),
      () => members.accept(current.token, 'u', { email: 'other@example.com' }),
      () => members.accept('A'.repeat(43), 'u'),
      () => members.accept(`${current.token}=`, 'u'),
      () => members.accept(undefined as never, 'u'),
    ]) {
      const error = await call().catch((reason: Error) => reason)
      expect(error).toEqual(code('INVALID_INVITATION'))
      messages.add((error as Error).message)
    }
    expect(messages.size).toBe(1)
    const foreign = await tenancy.tenants.create({ schema: `${schema}_b` })
    await expect(members.revokeInvitation(foreign, current.id)).rejects.toEqual(code('INVALID_INVITATION'))
    expect((await members.accept(current.token, 'u', { email: 'Twice@Example.com' })).role).toBe('member')
    expect((await members.invitations(schema)).map(({ state }) => state).toSorted()).toEqual([
      'accepted',
      'expired',
      'revoked',
      'revoked',
    ])
  })

  test.each([
    'no',
    '@hooli.test',
    'a@b',
    'a@@example.com',
    'a b@example.com',
    'a@[127.0.0.1]',
    'a@127.0.0.1',
    `${'x'.repeat(330)}@example.com`,
    'a\n@example.com',
  ])('refuse the address %j, without repeating it', async (email) => {
    const error = await members.invite(schema, { email }).catch((reason: Error) => reason)
    expect(error).toEqual(code('INVALID_ARGUMENT'))
    if (email.length > 3) expect((error as Error).message).not.toContain(email)
  })
})

describe('joining by the domain of an address', () => {
  test('is for the domains that this tenant permits, and no subdomain of them', async () => {
    await members.emailDomains.add(schema, 'ACME.com', { role: 'editor' })
    expect(await members.join(schema, 'grace', { email: 'grace@acme.com' })).toMatchObject({ role: 'editor' })
    for (const email of ['x@sub.acme.com', 'x@acme.com.evil.org', 'x@notacme.com'])
      await expect(members.join(schema, 'x', { email })).rejects.toEqual(code('MAY_NOT_JOIN'))
    const foreign = await tenancy.tenants.create({ schema: `${schema}_b` })
    await expect(members.join(foreign, 'x', { email: 'x@acme.com' })).rejects.toEqual(code('MAY_NOT_JOIN'))
    await members.emailDomains.remove(schema, 'acme.com')
    await expect(members.join(schema, 'y', { email: 'y@acme.com' })).rejects.toEqual(code('MAY_NOT_JOIN'))
  })

  test.each(['com', 'co.uk', 'github.io', 'gmail.com', 'localhost', '127.0.0.1', '[::1]', 'a b.com', '', '*.acme.com'])(
    'no tenant may permit %j',
    async (domain) => {
      await expect(members.emailDomains.add(schema, domain)).rejects.toEqual(code('INVALID_DOMAIN'))
    },
  )
})

test.each([
  { roles: { owner: { can: [] } } },
  { roles: { 'Bad Name': { can: [] } } },
  { roles: { editor: {} } },
  { roles: { editor: { can: ['a b'] } } },
  { permissions: 'all' },
  { seats: 5 },
  { role: {} },
])('the option members refuses %j', (members_) => {
  expect(() => createTenancy({ ...config, members: members_ as never })).toThrow(code('INVALID_OPTION') as never)
})
