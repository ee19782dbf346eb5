/** Domains that customers claim: only a record in DNS proves one, for the tenant that it was made for. */
import { beforeEach, describe, expect, test } from 'vitest'
import { byHost, createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { startNameServer, type Zone } from '../support/servers/dns.ts'

const zone: Zone = new Map()
const { address } = await startNameServer(zone)
const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  migrations: { shared: false, tenant: false },
  domains: { nameServers: [address] },
  resolve: [byHost({ base: 'our.example' })],
})
const { domains } = tenancy
await tenancy.tenants.create({ schema: 'acme' })
await tenancy.tenants.create({ schema: 'globex' })

let number = 0
/** A domain that no other test uses. */
let name: string
beforeEach(() => void (name = `d${++number}.customer.com`))

async function leadsTo(host: string): Promise<string> {
  const resolution = await tenancy.resolve({ host })
  return resolution.outcome === 'resolved' ? resolution.tenant.schema : resolution.outcome
}

describe('a claim', () => {
  test('leads nowhere until its record is there, and then to its tenant', async () => {
    const claim = await domains.claim('acme', name)
    expect(claim).toMatchObject({ domain: name, isVerified: false, record: { name: `_partywall.${name}`, type: 'TXT' } })
    expect(claim.record.value).toMatch(/^partywall-verification=[A-Za-z0-9_-]{43}$/)
    expect(await leadsTo(name)).toBe('unknown')
    await expect(domains.verify('acme', name)).rejects.toMatchObject({ code: 'DOMAIN_NOT_VERIFIED', details: { seen: 'none' } })

    zone.set(`_partywall.${name}`, [['v=spf1 -all'], [claim.record.value.slice(0, 20), claim.record.value.slice(20)]])
    expect(await domains.verify('acme', name)).toMatchObject({ isVerified: true, checkedAt: expect.any(Date) })
    expect(await leadsTo(name)).toBe('acme')
    expect(await domains.verify('acme', name)).toMatchObject({ isVerified: true })
    expect(await domains.claims('acme')).toContainEqual(expect.objectContaining({ domain: name, isVerified: true }))
  })

  test('is the same when it is made again, so that the record stays right; several at once, too', async () => {
    const claims = await Promise.all(Array.from({ length: 5 }, () => domains.claim('acme', name.toUpperCase())))
    expect(new Set(claims.map(({ record }) => record.value)).size).toBe(1)
  })

  test('is proven for one tenant only, by the record that was made for it', async () => {
    const [first, second] = [await domains.claim('acme', name), await domains.claim('globex', name)]
    expect(first.record.value).not.toBe(second.record.value)
    zone.set(`_partywall.${name}`, [[first.record.value]])
    await expect(domains.verify('globex', name)).rejects.toMatchObject({
      code: 'DOMAIN_NOT_VERIFIED',
      details: { seen: 'others' },
    })
    zone.set(`_partywall.${name}`, [[first.record.value], [second.record.value]])
    const both = await Promise.allSettled([domains.verify('acme', name), domains.verify('globex', name)])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'DOMAIN_EXISTS' } })
    expect(['acme', 'globex']).toContain(await leadsTo(name))
  })

  test('is not proven by a record at a domain above, nor at the domain itself', async () => {
    const { record } = await domains.claim('acme', name)
    for (const at of [name, '_partywall.customer.com', `_partywall.www.${name}`]) zone.set(at, [[record.value]])
    await expect(domains.verify('acme', name)).rejects.toMatchObject({ details: { seen: 'none' } })
  })

  test('is not decided where DNS does not answer', async () => {
    await domains.claim('acme', name)
    zone.set(`_partywall.${name}`, 'SERVFAIL')
    await expect(domains.verify('acme', name)).rejects.toMatchObject({
      code: 'DOMAIN_NOT_VERIFIED',
      details: { seen: 'no answer' },
    })
  })

  test('can be given up, and needs to be there to be verified', async () => {
    await domains.claim('acme', name)
    await domains.release('acme', name)
    await expect(domains.release('acme', name)).rejects.toMatchObject({ code: 'UNKNOWN_DOMAIN' })
    await expect(domains.verify('acme', name)).rejects.toMatchObject({ code: 'UNKNOWN_DOMAIN' })
    await expect(domains.verify('globex', name)).rejects.toMatchObject({ code: 'UNKNOWN_DOMAIN' })
  })

  test('is recorded with its actor', async () => {
    const { record } = await tenancy.actingAs('user:7', () => domains.claim('acme', name))
    zone.set(`_partywall.${name}`, [[record.value]])
    await tenancy.actingAs('user:7', () => domains.verify('acme', name))
    const { rows } = await tenancy.sharedPool.query('select action, actor from partywall.audit where object = $1 order by id', [
      name,
    ])
    expect(rows).toEqual([
      { action: 'domain.claimed', actor: 'user:7' },
      { action: 'domain.verified', actor: 'user:7' },
    ])
  })
})

test.each([
  ['co.uk', /public suffix/],
  ['github.io', /public suffix/],
  ['vercel.app', /public suffix/],
  ['com', /known only inside a network|public suffix/],
  ['our.example', /under our\.example/],
  ['evil.our.example', /under our\.example/],
  ['192.0.2.7', /IP address/],
  ['[::1]', /IP address/],
  ['localhost', /known only inside a network/],
  ['a.localhost', /own machine/],
])('%s cannot be claimed', async (domain, reason) => {
  await expect(domains.claim('acme', domain)).rejects.toMatchObject({
    code: 'DOMAIN_NOT_CLAIMABLE',
    details: { reason: expect.stringMatching(reason) },
  })
})

test.each([
  '',
  'a b.com',
  'a.com:80',
  'https://a.com',
  'a.com/x',
  'user@a.com',
  '*.a.com',
  'a\0.com',
  `${'x'.repeat(10_000)}.com`,
])('what is no host name cannot be claimed: %j', async (domain) => {
  await expect(domains.claim('acme', domain)).rejects.toMatchObject({ code: 'INVALID_DOMAIN' })
})

test('a tenant has a bounded number of claims', async () => {
  await tenancy.tenants.create({ schema: 'many' })
  for (let claim = 0; claim < 100; claim++) await domains.claim('many', `c${claim}.customer.com`)
  await expect(domains.claim('many', 'one-more.customer.com')).rejects.toMatchObject({ code: 'DOMAIN_NOT_CLAIMABLE' })
  expect(await domains.claim('many', 'c7.customer.com')).toMatchObject({ domain: 'c7.customer.com' })
})

describe('recheck', () => {
  test('keeps a domain whose record is missing within the grace, and revokes it afterwards; then another tenant may prove it', async () => {
    await tenancy.tenants.create({ schema: 'gone' })
    await proven('gone')
    expect(await stateOf()).toBe('verified')
    zone.delete(`_partywall.${name}`)
    expect(await stateOf()).toBe('missing')
    expect(await leadsTo(name)).toBe('gone')
    expect((await domains.claims('gone'))[0]).toMatchObject({ isVerified: true, missingSince: expect.any(Date) })
    expect(await stateOf(0)).toBe('revoked')
    await expect.poll(() => leadsTo(name)).toBe('unknown')
    expect((await domains.claims('gone'))[0]).toMatchObject({ isVerified: false })

    await proven('globex')
    await expect.poll(() => leadsTo(name)).toBe('globex')
  })

  test('forgets that a record was missing when it is back', async () => {
    const value = await proven('acme')
    zone.delete(`_partywall.${name}`)
    expect(await stateOf()).toBe('missing')
    zone.set(`_partywall.${name}`, [[value]])
    expect(await stateOf(0)).toBe('verified')
  })

  test('changes nothing where DNS does not answer', async () => {
    await proven('acme')
    zone.set(`_partywall.${name}`, 'SERVFAIL')
    expect(await stateOf(0)).toBe('unknown')
    expect(await leadsTo(name)).toBe('acme')
  })

  test('leaves what an operator added, and makes another domain primary for one that is revoked', async () => {
    await tenancy.tenants.create({ schema: 'two' })
    await proven('two')
    await domains.add('two', 'operator.example')
    zone.delete(`_partywall.${name}`)
    expect(await stateOf(0)).toBe('revoked')
    expect(await domains.list('two')).toEqual([expect.objectContaining({ domain: 'operator.example', isPrimary: true })])
  })
})

/** Claims and proves the domain of this test. Returns the value of its record. */
async function proven(tenant: string): Promise<string> {
  const { record } = await domains.claim(tenant, name)
  zone.set(`_partywall.${name}`, [[record.value]])
  await domains.verify(tenant, name)
  return record.value
}

/** What a look at DNS makes of it. */
async function stateOf(graceMs?: number): Promise<string | undefined> {
  const report = await domains.recheck({ graceMs })
  return report.domains.find(({ domain }) => domain === name)?.state
}
