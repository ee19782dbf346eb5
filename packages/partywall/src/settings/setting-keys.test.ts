import { describe, expect, test } from 'vitest'
import { assertKey, assertStorable, isAtOrBelow, leavesOf, mergeTrees, treeOf } from './setting-keys.ts'

describe('settings as a tree and as rows', () => {
  test('are the same', () => {
    const tree = { a: { b: 1, c: { d: [1, { e: 2 }], empty: {} } }, f: null }
    const leaves = leavesOf(tree)
    expect([...leaves]).toEqual([
      ['a.b', 1],
      ['a.c.d', [1, { e: 2 }]],
      ['a.c.empty', {}],
      ['f', null],
    ])
    expect(treeOf(leaves)).toEqual(tree)
  })

  test('a later value goes before an earlier one, key by key; a list, a value and a group take the place of each other', () => {
    const base = { a: { b: 1, c: 2 }, list: [1, 2], group: { x: 1 }, value: 1 }
    const over = { a: { c: 3 }, list: [9], group: 'value', value: { y: 1 } }
    expect(mergeTrees(base, over)).toEqual({ a: { b: 1, c: 3 }, list: [9], group: 'value', value: { y: 1 } })
    expect(base.a.c).toBe(2)
    expect(mergeTrees({ a: { b: 1 } }, { a: {} })).toEqual({ a: { b: 1 } })
  })

  test('rows that contradict each other, which only SQL by hand can make, lose none of the later ones', () => {
    const rows = [
      ['a', 1],
      ['a.b', 2],
    ] as const
    expect(treeOf(rows)).toEqual({ a: { b: 2 } })
  })

  test('names of every object have no meaning of their own', () => {
    expect(treeOf([['constructor.prototype.x', 1]])).toEqual({ constructor: { prototype: { x: 1 } } })
    expect(({} as { x?: number }).x).toBeUndefined()
    expect(mergeTrees({}, { toString: { a: 1 } })).toEqual({ toString: { a: 1 } })
  })
})

test('a group stands for what is in it, and for no name that begins alike', () => {
  expect(['smtp', 'smtp.host', 'smtps', 'smtps.host'].map((key) => isAtOrBelow(key, 'smtp'))).toEqual([true, true, false, false])
})

test.each(['', 'a.', '.a', 'a..b', '*', 'a.*', '__proto__', 'a.__proto__.b', 'a\0', 'a\nb', '\ud800', 'x'.repeat(501), 7, null])(
  'the key %j is refused',
  (key) => expect(() => assertKey('settings.set', key)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' })),
)

test('a name with a dot is refused: it would be read as two', () => {
  expect(() => assertStorable('settings.set', { hosts: { 'a.example': 1 } }, 'INVALID_ARGUMENT')).toThrow(
    /"a\.example", with a dot/,
  )
  const own = JSON.parse('{ "a": { "__proto__": { "admin": true } } }') as object
  expect(() => assertStorable('settings.defaults', own as never, 'INVALID_OPTION')).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  )
})
