import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { actingAs, currentActor, withActor } from './acting.ts'

test('an actor holds in what the function starts, and ends with it', async () => {
  expect(currentActor()).toBeUndefined()
  const late = await actingAs('user:1', async () => {
    expect(currentActor()).toBe('user:1')
    await wait(1)
    expect(currentActor()).toBe('user:1')
    return { timer: wait(1).then(currentActor) }
  })
  expect(currentActor()).toBeUndefined()
  expect(await late.timer).toBe('user:1')
})

test('the innermost actor counts, also after an error, and parallel ones do not meet', async () => {
  await actingAs('outer', async () => {
    await expect(actingAs('inner', () => Promise.reject(new Error(currentActor())))).rejects.toThrow('inner')
    expect(await Promise.all(['a', 'b', 'c'].map((actor) => actingAs(actor, () => wait(1).then(currentActor))))).toEqual([
      'a',
      'b',
      'c',
    ])
    expect(currentActor()).toBe('outer')
  })
})

test('a function keeps the actor that it was bound with, or none', async () => {
  const [bound, plain] = [await actingAs('user:1', () => [withActor(currentActor)] as const), withActor(currentActor)]
  expect(await actingAs('user:2', () => [bound[0](), plain()])).toEqual(['user:1', undefined])
})

test('a thenable that works only when it is awaited works for the actor', async () => {
  // oxlint-disable-next-line unicorn/no-thenable -- query builders are such objects
  const lazy = { then: (resolve: (actor: string | undefined) => void) => resolve(currentActor()) }
  expect(await actingAs('user:1', () => lazy)).toBe('user:1')
})

test.each(['x', 'ä'.repeat(200), '🦄'.repeat(200), "o'Brien <a@b.c>", 'می‌خواهم'])('an actor may be %s', async (actor) => {
  expect(await actingAs(actor, currentActor)).toBe(actor)
})

test.each([
  '',
  '  ',
  'x'.repeat(201),
  'a\nb',
  'a\0',
  '\u001B[2K',
  'a\u0085b',
  'a\u2028b',
  'a\u202Eb',
  '\uD800',
  undefined,
  null,
  42,
  {},
  ['a'],
])('an actor may not be %j', async (actor) => {
  const refused = actingAs(actor as string, () => expect.unreachable())
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { option: 'actor' } })
})
