import { expect, test } from 'vitest'
import { channelOf } from './channel.ts'

const scopeOf = (id: string) => ({ kind: 'tenant', tenant: { id } }) as never
const [acme, globex] = ['0b6a2f0e-1111-4222-8333-444455556666', '1c7b3f1f-1111-4222-8333-444455556666']

test('two tenants and the shared side have channels of their own, which PostgreSQL does not cut', () => {
  const longest = 'x'.repeat(26)
  const names = [scopeOf(acme!), scopeOf(globex!), { kind: 'shared' } as const].map((scope) => channelOf(scope, longest))
  expect(new Set(names).size).toBe(3)
  expect(Math.max(...names.map((name) => Buffer.byteLength(name)))).toBe(63)
})

test.each([undefined, null, 7, '', 'x'.repeat(27), 'a:b', 'a b', 'a\0', 'a"b', 'ü', 'a\n', '../a'])('%j is no name', (name) => {
  expect(() => channelOf(scopeOf(acme!), name as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
})

test('outside of every scope there is none', () => {
  expect(() => channelOf(undefined, 'orders')).toThrow(expect.objectContaining({ code: 'NO_TENANT' }))
})
