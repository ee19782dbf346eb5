import { expect, test } from 'vitest'
import { isGenuine, isStamped, stamped, stampKey, type Stamped, type StampKey } from './stamp.ts'

const [key, older] = ['newest secret', 'older secret'].map(stampKey) as [StampKey, StampKey]
const scope = { kind: 'tenant', tenant: { id: 'a', schema: 'acme', generation: 3 } } as const
const stored = (job: Stamped): Stamped => JSON.parse(JSON.stringify(job)) as Stamped

/** As a database gives jsonb back: with its keys in another order. */
const reordered = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(reordered)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .toReversed()
            .map(([name, member]) => [name, reordered(member)]),
        )
      : value

test.each([
  { b: 1, a: { d: [1, { z: null, y: 'é' }], c: true } },
  { at: new Date(0), skipped: undefined, none: null, not: Number.NaN, 10: 'ten', 9: 'nine' },
  [1, [2, [3]]],
  null,
  'text',
  JSON.parse('{"__proto__": {"admin": true}, "a": 1}'),
])('a stamp holds for the data as they come back from a store: %j', (data) => {
  const job = stored(stamped(key, 'mail', scope, data))
  expect(isStamped(job) && isGenuine([key], job)).toBe(true)
  expect(isGenuine([key], reordered(job) as Stamped)).toBe(true)
})

test('a stamp of an older secret holds while that secret is given, and of another one never', () => {
  const job = stamped(older, 'mail', scope, {})
  expect(isGenuine([key, older], job)).toBe(true)
  expect(isGenuine([key], job)).toBe(false)
})

test.each<[string, (job: any) => unknown]>([
  ['the tenant', (job) => (job.partywall.tenant = 'b')],
  ['the schema', (job) => (job.partywall.schema = 'globex')],
  ['the generation', (job) => (job.partywall.generation = 4)],
  ['the queue', (job) => (job.partywall.queue = 'reports')],
  ['the data', (job) => (job.data.to = 'eve')],
  ['a number for a text', (job) => (job.data.id = 1)],
  ['an added key', (job) => (job.data['__proto__x'] = 1)],
  ['the code', (job) => (job.partywall.mac = `A${job.partywall.mac.slice(1)}`)],
  ['an empty code', (job) => (job.partywall.mac = '')],
  ['a longer code', (job) => (job.partywall.mac += 'AAAA')],
])('a change is found: %s', (_what, change) => {
  const job = stored(stamped(key, 'mail', scope, { to: 'ada', id: '1' }))
  change(job)
  expect(isGenuine([key], job)).toBe(false)
})

test('a stamp of the shared side is none of a tenant', () => {
  const job = stored(stamped(key, 'mail', { kind: 'shared' }, {}))
  expect(isStamped(job) && isGenuine([key], job)).toBe(true)
  expect(isGenuine([key], { ...job, partywall: { ...job.partywall, tenant: 'a', schema: 'acme', generation: 3 } })).toBe(false)
})

test.each([
  undefined,
  null,
  'text',
  7,
  [],
  {},
  { partywall: null },
  { partywall: { tenant: 'a' } },
  { partywall: { tenant: 1, queue: 'q', mac: 'm' } },
])('what has not the form of a stamped job is none: %j', (value) => expect(isStamped(value)).toBe(false))

test('what JSON cannot hold is refused without showing it', () => {
  const circular: Record<string, unknown> = { password: 'sekret' }
  circular['self'] = circular
  for (const data of [circular, { n: 1n }]) {
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.not.stringContaining('sekret') })
    expect(() => stamped(key, 'mail', scope, data)).toThrow(refused)
  }
})
