import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

describe('BoundedMap', () => {
  test('get returns what set stored, and undefined for other keys', () => {
    const map = new BoundedMap<string, number>(2)
    map.set('a', 1)
    map.set('a', 2)
    expect([map.get('a'), map.get('b'), map.size]).toEqual([2, undefined, 1])
  })

  test('set drops the oldest entry alone when the map is full', () => {
    const map = filled(3, ['a', 'b', 'c'])
    map.set('d', 'd')
    expect(keptOf(map, 'abcd')).toEqual(['b', 'c', 'd'])
  })

  test('an entry in use outlives any number of entries that are used once', () => {
    const map = filled(10, ['busy'])
    for (let number = 0; number < 1000; number++) {
      expect(map.get('busy')).toBe('busy')
      map.set(`once ${number}`, '')
    }
    expect(map.size).toBe(10)
  })

  test('a full map whose entries are all in use still takes a new one', () => {
    const map = filled(3, ['a', 'b', 'c'])
    for (const key of ['a', 'b', 'c']) map.get(key)
    map.set('d', 'd')
    expect(keptOf(map, 'abcd')).toEqual(['b', 'c', 'd'])
  })

  test('a heavy entry drops as many light ones as it needs, and none more', () => {
    const map = new BoundedMap<string, number>(10)
    for (const key of ['a', 'b', 'c', 'd', 'e']) map.set(key, 2, 2)
    map.set('heavy', 5, 5)
    expect(keptOf(map, ['a', 'b', 'c', 'd', 'e', 'heavy'])).toEqual(['d', 'e', 'heavy'])
    expect(map.weight).toBe(9)
  })

  test('an entry that is heavier than the limit is not kept, and drops nothing', () => {
    const map = new BoundedMap<string, number>(10)
    map.set('light', 4, 4)
    map.set('heavy', 11, 11)
    expect(keptOf(map, ['light', 'heavy'])).toEqual(['light'])
    map.set('light', 11, 11)
    expect([map.get('light'), map.weight]).toEqual([undefined, 0])
  })

  test('deleteWhere deletes every value that matches, and no other', () => {
    const map = filled(5, ['a', 'b', 'c'])
    map.deleteWhere((value) => value !== 'b')
    expect([keptOf(map, 'abc'), map.weight]).toEqual([['b'], 1])
    map.clear()
    expect([map.size, map.weight]).toEqual([0, 0])
  })

  test('the weight is the sum of the entries and never above the limit, whatever is done', () => {
    const action = fc.record({ key: fc.nat(8), weight: fc.nat(12), kind: fc.constantFrom('get', 'set', 'delete') })
    fc.assert(
      fc.property(fc.array(action), (actions) => {
        const map = new BoundedMap<number, number>(20)
        for (const { key, weight, kind } of actions) {
          if (kind === 'set') map.set(key, weight, weight)
          else map[kind as 'get' | 'delete'](key)
          const values = Array.from({ length: 9 }, (_, number) => map.get(number) ?? 0)
          expect(map.weight).toBe(values.reduce((sum, value) => sum + value, 0))
          expect(map.weight).toBeLessThanOrEqual(20)
        }
      }),
    )
  })
})

function filled(max: number, keys: readonly string[]): BoundedMap<string, string> {
  const map = new BoundedMap<string, string>(max)
  for (const key of keys) map.set(key, key)
  return map
}

function keptOf(map: BoundedMap<string, unknown>, keys: Iterable<string>): string[] {
  return [...keys].filter((key) => map.get(key) !== undefined)
}
