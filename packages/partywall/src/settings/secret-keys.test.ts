import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { frozenSettings } from './frozen-settings.ts'
import { isSecretValue, secrecyOf } from './secret-keys.ts'

const secrets = ['smtp.password', 'webhooks.*.secret', 'tokens']

test('a value is secret by its key, in a secret group, and in the place of a group that may hold secrets', () => {
  const shown = [
    'smtp.password',
    'smtp.password.x',
    'webhooks.a.secret',
    'tokens',
    'tokens.a.b',
    'webhooks',
    'webhooks.a',
    'smtp',
  ]
  expect(shown.filter((key) => !isSecretValue(key, secrets))).toEqual([])
  expect(
    ['smtp.host', 'smtp.passwords', 'webhooks.a.url', 'token', 'limits'].filter((key) => isSecretValue(key, secrets)),
  ).toEqual([])
  expect(secrecyOf([], secrets)).toBe('around')
  expect(secrecyOf([], [])).toBe('plain')
})

const given = {
  smtp: { host: 'h', password: 's3cret' },
  webhooks: { a: { url: 'u', secret: 's3cret-2' } },
  tokens: { x: ['s3cret-3'] },
  limits: { seats: 5 },
}

test('a secret is a property like any other, and is in no log', () => {
  const value = frozenSettings(given, secrets) as typeof given
  expect(value.smtp.password).toBe('s3cret')
  expect({ ...value.smtp }).toEqual({ host: 'h', password: 's3cret' })
  expect(structuredClone(value)).toEqual(given)
  for (const shown of [
    inspect(value, { depth: 9 }),
    inspect(value, { showHidden: true, depth: 9 }),
    JSON.stringify(value),
    JSON.stringify({ settings: value }),
    JSON.stringify(value.smtp),
    inspect(value.tokens),
    inspect([value.webhooks]),
    `${inspect(new Map([['a', value]]), { depth: 9 })}`,
  ]) {
    expect(shown).toContain('***')
    expect(shown).not.toContain('s3cret')
  }
  expect(JSON.parse(JSON.stringify(value))).toEqual({
    smtp: { host: 'h', password: '***' },
    webhooks: { a: { url: 'u', secret: '***' } },
    tokens: '***',
    limits: { seats: 5 },
  })
  // The same value as an application would have it without this.
  expect(inspect(given, { depth: 9 })).toContain('s3cret-3')
})

test('it is frozen to the last group and list, and what the schema returned stays as it was', () => {
  const output = { a: { list: [{ b: 1 }] }, when: new Date(0) }
  const value = frozenSettings(output, []) as typeof output
  expect(() => void (value.a.list[0]!.b = 2)).toThrow(TypeError)
  expect(() => value.a.list.push({ b: 3 })).toThrow(TypeError)
  expect(value.when).toBe(output.when)
  output.a.list[0]!.b = 7
  expect(value.a.list[0]!.b).toBe(1)
})
