/** The resolvers whose value no client chooses: what the session holds, and the key of a program. */
import { describe, expect, test, vi } from 'vitest'
import { byApiKey, hashApiKey, type ApiKeyFinder } from './by-api-key.ts'
import { bySession } from './by-session.ts'

const id = '6f1c1c9e-8f5e-4c1b-9f1d-2f0d0c9b7a11'
const acme = { outcome: 'tenant', ref: { schema: 'acme' } }
const none = { outcome: 'none' }

describe('bySession', () => {
  test('reads a field of the session, or what a function finds in it', () => {
    const byField = bySession('tenantId')
    expect(byField.resolve({ claims: { tenantId: id } })).toEqual({ outcome: 'tenant', ref: { id } })
    expect(
      bySession(({ user }) => (user as { tenant: string }).tenant).resolve({ claims: { user: { tenant: 'acme' } } }),
    ).toEqual(acme)
    expect(bySession('org', { accept: ['externalId'] }).resolve({ claims: { org: 'org_1' } })).toMatchObject({
      ref: { externalId: 'org_1' },
    })
    for (const claims of [undefined, {}, { tenantId: null }, { tenantId: undefined }])
      expect(byField.resolve({ claims })).toEqual(none)
    expect(bySession('constructor').resolve({ claims: {} })).toEqual(none)
  })

  test.each([7, '', 'Acme', 'acme.example.com', ['acme'], { id }, true])('refuses %j', (tenantId) => {
    const hint = bySession('tenantId').resolve({ claims: { tenantId } })
    expect(hint).toEqual({ outcome: 'invalid', reason: 'the tenant in the session is not a tenant id or a schema name' })
  })

  test.each([[''], [7], [undefined], ['a', { accept: ['domain'] }], ['a', { trusted: 1 }], ['a', { trustd: true }]])(
    'does not start with %j',
    (...given) => expect(() => bySession(...(given as [string]))).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' })),
  )
})

describe('byApiKey', () => {
  const key = 'pk_live_9fK2-mQ7xZ.T4v_Ue0'
  const find = vi.fn<ApiKeyFinder>((hash) => (hash === hashApiKey(key) ? 'acme' : undefined))
  const ask = (headers: Record<string, string | string[]>, header = 'X-Api-Key') => byApiKey(header, find).resolve({ headers })

  test('asks for the hash of the key, and never for the key', async () => {
    expect(await ask({ 'x-api-key': key })).toBe('acme')
    expect(find.mock.lastCall).toEqual([hashApiKey(key)])
    expect(hashApiKey(key)).toMatch(/^[0-9a-f]{64}$/)
    for (const scheme of ['Bearer', 'bearer', 'BEARER '])
      expect(await ask({ authorization: `${scheme} ${key}` }, 'authorization')).toBe('acme')
    expect(await ask({})).toEqual(none)
    for (const other of ['Basic YTpi', 'Bearer', '']) expect(await ask({ authorization: other }, 'authorization')).toEqual(none)
  })

  test.each([`${key}x`, 'short', '', ` ${key}`, `${key},${key}`, `${key}\0`, 'x'.repeat(10_000), [key, key]])(
    'refuses the key %j, which no policy for unknown tenants then serves',
    async (value) => {
      const hint = await ask({ 'x-api-key': value })
      expect(hint).toMatchObject({ outcome: 'unauthorized' })
      expect(JSON.stringify(hint)).not.toContain('pk_live')
    },
  )

  test('a text that is no random key is not hashed, and not asked for', async () => {
    find.mockClear()
    for (const text of ['', 'password', 'x'.repeat(513), `${key} `, `${key}ä`]) {
      expect(() => hashApiKey(text)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.not.stringContaining(key) }),
      )
      await ask({ 'x-api-key': text })
    }
    expect(find).not.toHaveBeenCalled()
  })

  test('a failing look-up is an error, and never no tenant', async () => {
    const failing = byApiKey('x-api-key', () => Promise.reject(new Error('down')))
    await expect(failing.resolve({ headers: { 'x-api-key': key } })).rejects.toThrow('down')
    for (const name of ['', 'a b', 'host'])
      expect(() => byApiKey(name, find)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => byApiKey('x-api-key', undefined as never)).toThrow('takes a function')
  })
})
