import { beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'
import { registryForTest } from '../support/tenants/registry.ts'

let url: string
beforeAll(async () => {
  ;({ url } = await testDatabase())
})

describe('the domains of a tenant', () => {
  test('domains.add makes the first domain primary; later domains.add and domains.setPrimary can make another one primary', async () => {
    const { create, domains } = registryForTest(url)
    const { id } = await create({ schema: 'plain' })
    expect(await domains.list('plain')).toEqual([])
    const first = await domains.add('plain', 'B.Plain.example.com')
    expect(first).toMatchObject({ domain: 'b.plain.example.com', tenantId: id, isPrimary: true, createdAt: expect.any(Date) })
    expect(Object.isFrozen(first)).toBe(true)
    expect(await domains.add('plain', 'a.plain.example.com')).toMatchObject({ isPrimary: false })
    expect(await domains.add('plain', 'c.plain.example.com', { primary: true })).toMatchObject({ isPrimary: true })
    expect(await names(domains, 'plain')).toEqual(['*c', 'a', 'b'])
    expect(await domains.setPrimary('plain', 'A.plain.example.com')).toMatchObject({ isPrimary: true })
    expect(await names(domains, 'plain')).toEqual(['*a', 'b', 'c'])
    expect(await domains.setPrimary('plain', 'a.plain.example.com')).toMatchObject({ isPrimary: true })
    expect((await domains.list()).length).toBeGreaterThanOrEqual(3)
  })

  test('a domain belongs to one tenant: another tenant cannot add it, remove it or make it primary', async () => {
    const { create, domains } = registryForTest(url)
    await create({ schema: 'owner', domains: ['owner.example.com'] })
    await create({ schema: 'thief', domains: ['thief.example.com'] })
    const error = await domains.add('thief', 'OWNER.example.com').catch((thrown: Error) => thrown as Error)
    expect(error).toMatchObject({ code: 'DOMAIN_EXISTS', details: { domains: ['owner.example.com'] } })
    expect((error as Error).message).not.toContain('"owner"')
    await expect(domains.add('owner', 'owner.example.com', { primary: true })).rejects.toMatchObject({ code: 'DOMAIN_EXISTS' })
    await expect(domains.remove('thief', 'owner.example.com')).rejects.toMatchObject({ code: 'UNKNOWN_DOMAIN' })
    await expect(domains.setPrimary('thief', 'owner.example.com')).rejects.toMatchObject({ code: 'UNKNOWN_DOMAIN' })
    expect(await names(domains, 'thief')).toEqual(['*thief'])
  })

  test('domains.remove refuses the primary domain while the tenant has others', async () => {
    const { create, domains } = registryForTest(url)
    await create({ schema: 'leaving', domains: ['a.leaving.example.com', 'b.leaving.example.com'] })
    await expect(domains.remove('leaving', 'a.leaving.example.com')).rejects.toThrow(
      'setPrimary("leaving", "b.leaving.example.com")',
    )
    await domains.remove('leaving', 'b.leaving.example.com')
    await domains.remove('leaving', 'a.leaving.example.com')
    expect(await domains.list('leaving')).toEqual([])
    await expect(domains.remove('leaving', 'a.leaving.example.com')).rejects.toMatchObject({ code: 'UNKNOWN_DOMAIN' })
  })

  test('domains.add refuses text that is no domain, an unknown tenant and an unknown option', async () => {
    const { create, domains } = registryForTest(url)
    await create({ schema: 'strict' })
    for (const domain of ['', 'a b', 'a.com:80', 'http://a.com', 'x'.repeat(1_000_000), 'a\0.com', undefined as never]) {
      await expect(domains.add('strict', domain)).rejects.toMatchObject({ code: 'INVALID_DOMAIN' })
    }
    await expect(domains.add('unknown', 'a.example.com')).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
    await expect(domains.list('unknown')).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
    await expect(domains.add('strict', 'a.example.com', { primray: true } as never)).rejects.toThrow('Did you mean "primary"?')
  })
})

describe('changes of domains at the same time', () => {
  test('many domains.setPrimary leave exactly one primary domain', async () => {
    const { create, domains } = registryForTest(url)
    const all = Array.from({ length: 8 }, (_, number) => `d${number}.race.example.com`)
    await create({ schema: 'race', domains: all })
    for (let round = 0; round < 3; round++) {
      await Promise.all(all.map((domain) => domains.setPrimary('race', domain)))
      expect((await domains.list('race')).filter(({ isPrimary }) => isPrimary)).toHaveLength(1)
    }
  })

  test('many domains.add for a tenant without domains leave exactly one primary domain', async () => {
    const { create, domains } = registryForTest(url)
    await create({ schema: 'firsts' })
    await Promise.all(Array.from({ length: 6 }, (_, number) => domains.add('firsts', `f${number}.example.com`)))
    const all = await domains.list('firsts')
    expect(all).toHaveLength(6)
    expect(all.filter(({ isPrimary }) => isPrimary)).toHaveLength(1)
  })

  test('domains.setPrimary and domains.remove of the same domain leave exactly one primary domain', async () => {
    const { create, domains } = registryForTest(url)
    await create({ schema: 'both', domains: ['a.both.example.com'] })
    for (let round = 0; round < 10; round++) {
      await domains.add('both', 'b.both.example.com')
      await Promise.allSettled([domains.setPrimary('both', 'b.both.example.com'), domains.remove('both', 'b.both.example.com')])
      const all = await domains.list('both')
      expect(all.filter(({ isPrimary }) => isPrimary)).toHaveLength(1)
      if (all.length === 2) {
        await domains.setPrimary('both', 'a.both.example.com')
        await domains.remove('both', 'b.both.example.com')
      }
    }
  })

  test('domains.add of the same domain for two tenants succeeds for one of them', async () => {
    const { create, domains } = registryForTest(url)
    await create({ schema: 'claim_a' })
    await create({ schema: 'claim_b' })
    const results = await Promise.allSettled([
      domains.add('claim_a', 'claimed.example.com'),
      domains.add('claim_b', 'claimed.example.com'),
    ])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'DOMAIN_EXISTS' } })
  })
})

async function names(domains: ReturnType<typeof registryForTest>['domains'], ref: string): Promise<string[]> {
  return (await domains.list(ref)).map(({ domain, isPrimary }) => (isPrimary ? '*' : '') + domain.split('.')[0]!)
}
