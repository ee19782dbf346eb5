import { describe, expect, test } from 'vitest'
import { parseTenantRef, unknownTenant } from './tenant-ref.ts'

const id = 'AF1C9A3E-3b0e-4a58-9f6e-0123456789ab'

describe('parseTenantRef', () => {
  test.each([
    ['acme', { by: 'schema', value: 'acme' }],
    [id, { by: 'id', value: id.toLowerCase() }],
    ['Acme.Example.com.', { by: 'domain', value: 'acme.example.com' }],
    ['[::1]', { by: 'domain', value: '[::1]' }],
    [{ id }, { by: 'id', value: id.toLowerCase() }],
    [{ schema: 'acme' }, { by: 'schema', value: 'acme' }],
    // Adopted tenants have such schemas.
    ['Acme', { by: 'schema', value: 'Acme' }],
    ['1and1', { by: 'schema', value: '1and1' }],
    [{ domain: 'localhost' }, { by: 'domain', value: 'localhost' }],
    [
      { id, schema: 'acme', name: 'Acme' },
      { by: 'id', value: id.toLowerCase() },
    ],
  ])('reads %j as %j', (ref, key) => {
    expect(parseTenantRef(ref)).toEqual(key)
  })

  test.each([
    'a b',
    `a"; drop schema public cascade; --`,
    "a'b",
    'a\0b',
    'pg_catalog',
    'public',
    'partywall',
    '__proto__!',
    'a.com:80',
    'é',
    '\n',
    'x'.repeat(64),
    { id: 'acme' },
    { schema: id },
    { domain: 'a b' },
  ])('reads %j as a tenant that cannot exist', (ref) => {
    const key = parseTenantRef(ref)
    expect(key.by).toBe('impossible')
    const { code, message } = unknownTenant(key)
    expect(code).toBe('UNKNOWN_TENANT')
    expect(message.length).toBeLessThan(700)
    expect(message).not.toMatch(/[\0\n]/)
  })

  test('reads a megabyte of text, which the message truncates', () => {
    expect(unknownTenant(parseTenantRef('x'.repeat(1_000_000))).message.length).toBeLessThan(300)
  })

  test.each(['', null, undefined, 42, true, {}, [], { id: '' }, { schema: 7 }, () => {}, Symbol('x')].map((ref) => [ref]))(
    'refuses %o, which is not a tenant ref',
    (ref) => {
      expect(() => parseTenantRef(ref)).toThrow(expect.objectContaining({ code: 'INVALID_TENANT_REF' }))
    },
  )
})
