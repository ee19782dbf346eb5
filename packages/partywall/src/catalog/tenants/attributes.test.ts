import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { validateAttributes } from './attributes.ts'

describe('validateAttributes without a schema', () => {
  test('accepts any JSON object, and returns a deeply frozen copy', async () => {
    const given = { a: 1, b: [{ c: null }], d: { e: 'x' }, gone: undefined, ['__proto__']: 1 }
    const stored = await validateAttributes(undefined, given)
    expect(JSON.stringify(stored)).toBe('{"a":1,"b":[{"c":null}],"d":{"e":"x"},"__proto__":1}')
    expect(Object.isFrozen(stored)).toBe(true)
    expect(Object.isFrozen((stored as typeof given).b[0])).toBe(true)
    expect(Object.isFrozen(given)).toBe(false)
  })

  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = { cyclic, again: cyclic }
  let deep: unknown = 1
  for (let level = 0; level < 10_000; level++) deep = [deep]

  test.each([
    [{ a: () => {} }, ['a']],
    [{ a: Symbol('x') }, ['a']],
    [{ a: 1n }, ['a']],
    [{ a: Number.NaN }, ['a']],
    [{ a: Infinity }, ['a']],
    [{ a: new Date() }, ['a']],
    [{ a: new Map() }, ['a']],
    [{ a: [1, undefined] }, ['a', '1']],
    [{ a: 'x\0y' }, ['a']],
    [{ a: '\ud800' }, ['a']],
    [{ a: { 'x\0': 1 } }, ['a']],
    [cyclic, ['self', 'cyclic']],
    [{ deep }, undefined],
    [null, []],
    [[], []],
    ['text', []],
    [new Date(), []],
  ])('refuses what is not JSON, with its path: case %#', async (given, path) => {
    const error = await validateAttributes(undefined, given).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'INVALID_ATTRIBUTES' })
    if (path !== undefined) expect((error as { details: { issues: { path: unknown }[] } }).details.issues[0]!.path).toEqual(path)
  })
})

describe('validateAttributes with a schema', () => {
  const schema = z.object({ plan: z.enum(['free', 'pro']).default('free'), seats: z.number().int().optional() })

  test('fills in the defaults', async () => {
    expect(await validateAttributes(schema, {})).toEqual({ plan: 'free' })
  })

  test('refuses bad attributes with every path and message, and without the values', async () => {
    const error: Error = await validateAttributes(schema, { plan: 'my-secret', seats: 'many-secrets' }).then(
      () => Promise.reject(new Error('passed')),
      (thrown: Error) => thrown,
    )
    expect(error).toMatchObject({ code: 'INVALID_ATTRIBUTES' })
    expect(error.message).toMatch(/plan: .*seats: /s)
    expect(error.message + JSON.stringify(error)).not.toContain('secret')
  })

  test('awaits an asynchronous schema', async () => {
    const slow = z.object({ code: z.string().refine(async (code) => code === 'open', 'is not right') })
    await expect(validateAttributes(slow, { code: 'shut' })).rejects.toThrow('code: is not right')
    expect(await validateAttributes(slow, { code: 'open' })).toEqual({ code: 'open' })
  })

  test('refuses what is not JSON after the schema has changed it', async () => {
    const dated = z.object({ since: z.coerce.date() })
    await expect(validateAttributes(dated, { since: '2026-01-01' })).rejects.toThrow('since: is a Date')
  })
})
