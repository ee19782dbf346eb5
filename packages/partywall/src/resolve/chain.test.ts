import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { TenancyError } from '../errors.ts'
import { plainTenant } from '../../test/support/tenants/plain-tenant.ts'
import type { Tenant, TenantRef } from '../types.ts'
import { byClaim } from './by-claim.ts'
import { byHeader } from './by-header.ts'
import { byHost } from './by-host.ts'
import { createChain, type TenantLookup } from './chain.ts'
import type { Hint, Resolver } from '../ports/resolver.ts'

const acme = plainTenant(1, 'acme')
const ferrari = plainTenant(2, 'ferrari')
const tenants = [
  acme,
  ferrari,
  plainTenant(3, 'paused', 'suspended'),
  plainTenant(4, 'works', 'maintenance'),
  plainTenant(5, 'gone', 'archived'),
]
const domains: Record<string, Tenant> = {
  'acme.org': acme,
  'www.ferrari.it': ferrari,
  'odd.example.com': ferrari,
  'acme.example.com': ferrari,
}

const lookup = vi.fn<TenantLookup>(async (refs) =>
  refs
    .map((ref) => ({ ref, tenant: tenantOf(ref) }))
    .find((found): found is { ref: TenantRef; tenant: Tenant } => found.tenant !== undefined),
)

function tenantOf(ref: TenantRef): Tenant | undefined {
  if (typeof ref === 'string') return tenants.find(({ id, schema }) => ref === id || ref === schema) ?? domains[ref]
  if ('id' in ref) return tenants.find(({ id }) => ref.id === id)
  if ('schema' in ref) return tenants.find(({ schema }) => ref.schema === schema)
  if ('externalId' in ref) return tenants.find(({ schema }) => ref.externalId === `org_${schema}`)
  return Object.hasOwn(domains, ref.domain) ? domains[ref.domain] : undefined
}

const resolve = createChain([byHost({ base: 'example.com' }), byHeader('x-tenant-id')], lookup)
const ask = (host: string, header?: string) => resolve({ host, headers: { 'x-tenant-id': header } })
const shared = (): Hint => ({ outcome: 'shared' })
const failing = (error: Error) =>
  createChain([() => 'x'], async () => {
    throw error
  })({})
const tooLong = () => Promise.reject(new TenancyError('INVALID_TENANT_REF', 'too long', { details: { seen: '' } }))
const custom = (...resolvers: Resolver[]) => createChain(resolvers, lookup)({ host: 'acme.example.com' })

describe('a chain of host and header', () => {
  test('resolves by the host', async () => {
    expect(await ask('acme.example.com')).toEqual({ outcome: 'resolved', tenant: acme, by: 'host' })
    expect(await ask('www.acme.org:443')).toEqual({ outcome: 'resolved', tenant: acme, by: 'host' })
    expect(await ask('odd.example.com')).toEqual({ outcome: 'resolved', tenant: ferrari, by: 'host' })
  })

  test.each(['example.com', 'www.example.com', 'localhost:3000', '127.0.0.1', '[::1]:3000'])(
    'resolves by the header at %s',
    async (host) => {
      expect(await ask(host, ferrari.id)).toEqual({ outcome: 'resolved', tenant: ferrari, by: 'header x-tenant-id' })
      expect(await ask(host)).toEqual({ outcome: 'none' })
    },
  )

  test('resolves when both name the same tenant', async () => {
    for (const header of [acme.id, acme.schema])
      expect(await ask('acme.example.com', header)).toMatchObject({ outcome: 'resolved', by: 'host' })
  })

  test.each([ferrari.id, 'ferrari', 'missing', 'gone', 'paused', '00000000-0000-4000-8000-000000000099'])(
    'refuses the header %s on another tenant’s host, whether or not it exists',
    async (header) =>
      expect(await ask('acme.example.com', header)).toEqual({ outcome: 'ambiguous', by: ['host', 'header x-tenant-id'] }),
  )

  test.each(['missing.example.com', 'missing.org', 'a.b.example.com', 'gone.example.com', '1.example.com'])(
    'answers unknown for the host %s, whatever the header says',
    async (host) => {
      for (const header of [undefined, 'acme', ferrari.id, 'not,one'])
        expect(await ask(host, header)).toEqual({ outcome: 'unknown', by: 'host' })
    },
  )

  test('answers invalid for an invalid host, whatever the header says', async () => {
    expect(await ask('acme.example.com, ferrari.example.com', 'acme')).toMatchObject({ outcome: 'invalid', by: 'host' })
  })

  test('answers invalid for an invalid header, even where the host names a tenant', async () => {
    expect(await ask('acme.example.com', '')).toMatchObject({ outcome: 'invalid', by: 'header x-tenant-id' })
  })

  test('prefers the schema to the domain of another tenant', async () => {
    expect(await ask('acme.example.com')).toMatchObject({ tenant: acme })
  })
})

test('a chain refuses several hosts, whichever resolvers it has', async () => {
  const facts = { host: 'acme.example.com, acme.example.com', headers: { 'x-tenant-id': 'acme' } }
  for (const resolvers of [[], [byHeader('x-tenant-id')], [() => 'acme']]) {
    expect(await createChain(resolvers, lookup)(facts)).toEqual({
      outcome: 'invalid',
      by: 'host',
      reason: 'the request names several hosts',
    })
  }
})

test('a chain without resolvers refuses to answer: every request would name no tenant', async () => {
  const asked = createChain([], lookup)({ host: 'acme.example.com' })
  await expect(asked).rejects.toMatchObject({ code: 'INVALID_OPTION', details: { option: 'resolve' } })
})

describe('the status of a tenant', () => {
  test.each([
    ['paused', 'suspended'],
    ['works', 'maintenance'],
  ])('of the tenant %s gives the outcome %s', async (schema, outcome) =>
    expect(await ask(`${schema}.example.com`)).toMatchObject({ outcome, tenant: { schema } }),
  )

  test('archived gives the same answer as a tenant that never existed', async () => {
    expect(await ask('gone.example.com')).toEqual(await ask('never.example.com'))
    expect(await ask('localhost', 'gone')).toEqual(await ask('localhost', 'never'))
    const byKey = createChain([byClaim('org', { accept: ['externalId'] })], lookup)
    expect(await byKey({ claims: { org: 'org_paused' } })).toMatchObject({ outcome: 'suspended' })
    expect(await byKey({ claims: { org: 'org_gone' } })).toEqual(await byKey({ claims: { org: 'org_never' } }))
  })
})

describe('a resolver of the application', () => {
  test('may return a reference, a hint, a promise, or nothing', async () => {
    expect(
      await custom(function byPath() {
        return 'acme'
      }),
    ).toMatchObject({ tenant: acme, by: 'byPath' })
    expect(await custom(async () => ({ id: ferrari.id }))).toMatchObject({ tenant: ferrari, by: 'resolver 1' })
    expect(
      await custom(
        () => undefined,
        () => null,
        () => ({ outcome: 'none' }),
      ),
    ).toEqual({ outcome: 'none' })
    expect(await custom({ name: 'mine', resolve: () => ferrari })).toMatchObject({ tenant: ferrari, by: 'mine' })
    expect(await custom(() => '')).toMatchObject({ outcome: 'invalid' })
  })

  test('may ask for the shared side, which a tenant contradicts', async () => {
    expect(await custom(shared)).toEqual({ outcome: 'none' })
    expect(await custom(shared, shared)).toEqual({ outcome: 'none' })
    expect(await custom(shared, () => 'acme')).toMatchObject({ outcome: 'ambiguous' })
    expect(await custom(() => 'acme', shared)).toMatchObject({ outcome: 'ambiguous' })
  })

  test('that throws INVALID_TENANT_REF gives the outcome invalid', async () => {
    expect(await custom(tooLong, () => 'acme')).toMatchObject({ outcome: 'invalid', by: 'tooLong' })
    expect(await custom(() => 'acme', tooLong)).toMatchObject({ outcome: 'invalid', by: 'tooLong' })
  })

  test('rejects with its own error', async () => {
    const error = new Error('session store is down')
    const fail = () => Promise.reject(error)
    await expect(custom(fail, () => 'acme')).rejects.toBe(error)
    await expect(custom(() => 'acme', fail)).rejects.toBe(error)
  })

  test.each([
    7,
    true,
    {},
    [],
    { tenant: 'acme' },
    { outcome: 'resolved' },
    { outcome: 'forbidden', schema: 'acme' },
    { outcome: undefined, schema: 'acme' },
    { outcome: 'tenant' },
    { outcome: 'tenant', ref: {} },
    { outcome: 'tenant', schema: 'acme' },
  ])('that returns %j is refused as a bug', async (answer) => {
    await expect(custom(() => answer as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})

describe('the lookup', () => {
  test('rejects with its own error', async () => {
    const down = new TenancyError('DATABASE_UNREACHABLE', 'down', { details: { code: undefined } })
    await expect(failing(down)).rejects.toBe(down)
  })

  test('is not called for a header that names the tenant of the host', async () => {
    lookup.mockClear()
    await ask('acme.example.com', acme.id)
    expect(lookup).toHaveBeenCalledTimes(1)
  })

  test('is not called for a host that cannot be a tenant', async () => {
    lookup.mockClear()
    await createChain([byHost({ base: 'example.com', customDomains: false })], lookup)({ host: '1; drop.example.com' })
    await createChain([byHost({ base: 'example.com', customDomains: false })], lookup)({ host: '1drop.example.com' })
    expect(lookup).not.toHaveBeenCalled()
  })
})

test('a chain never resolves any host or header to a tenant that neither of them spells', async () => {
  const word = fc.constantFrom(
    'acme',
    'ACME',
    'ferrari',
    'gone',
    'paused',
    'missing',
    'www',
    'example',
    'com',
    'org',
    'it',
    '',
    ' ',
    acme.id,
  )
  const host = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 5 }).map((labels) => labels.join('.')),
    fc.constantFrom('localhost', 'acme.org'),
  )
  const header = fc.oneof(fc.constant(undefined), fc.string(), word)
  await fc.assert(
    fc.asyncProperty(host, header, async (hostText, headerText) => {
      const answer = await ask(hostText, headerText)
      if (answer.outcome !== 'resolved') return
      const { schema, id } = answer.tenant
      const spelt = answer.by === 'host' ? hostText.toLowerCase() : headerText!
      expect(spelt.includes(schema) || spelt === id || spelt.startsWith('odd.')).toBe(true)
      if (answer.by !== 'host') expect((await ask(hostText)).outcome).toBe('none')
      if (answer.by === 'host' && headerText !== undefined) expect([id, schema]).toContain(headerText.toLowerCase())
    }),
    { numRuns: 2000 },
  )
})
