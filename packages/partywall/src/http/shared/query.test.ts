import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseQuery } from './query.ts'

const parse = (text: string) => ({ ...parseQuery(text) })

const byKey = (list: string[][]) => list.map(([key, value]) => `${key}\0${value}`).toSorted()

describe('parseQuery', () => {
  test('keeps every value, and lists those of a repeated key in order', () => {
    expect(parse('a=1&b=2&a=3&a=')).toEqual({ a: ['1', '3', ''], b: '2' })
    expect(parse('')).toEqual({})
    expect(parse('a&b=')).toEqual({ a: '', b: '' })
  })

  test('decodes percent-encoding, and keeps what is not well-formed', () => {
    expect(parse('a%20b=c+d&e=%zz&f=%')).toEqual({ 'a b': 'c d', e: '%zz', f: '%' })
  })

  test('takes the names of an object for keys like any other', () => {
    const query = parseQuery('__proto__=x&constructor=y')
    expect(Object.getPrototypeOf(query)).toBeNull()
    expect(Object.entries(query)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
    expect(parseQuery('').toString).toBeUndefined()
  })

  test('refuses more than 16 KiB, and names no value', () => {
    expect(() => parseQuery(`secret=${'x'.repeat(16_384)}`)).toThrow(
      expect.objectContaining({ code: 'INVALID_TENANT_REF', message: expect.not.stringContaining('secret') }),
    )
    expect(parse('x'.repeat(16_384))).toEqual({ ['x'.repeat(16_384)]: '' })
  })

  test('takes little time for the most keys and repetitions that fit', () => {
    const started = performance.now()
    parseQuery('a&'.repeat(8192))
    parseQuery(Array.from({ length: 3000 }, (_, index) => `${index.toString(36)}=`).join('&'))
    expect(performance.now() - started).toBeLessThan(500)
  })

  test('reads what URLSearchParams wrote', () => {
    const pairs = fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 20 })
    fc.assert(
      fc.property(pairs, (given) => {
        const query = parseQuery(new URLSearchParams(given).toString())
        const read = Object.entries(query).flatMap(([key, values]) => [values!].flat().map((value) => [key, value]))
        expect(byKey(read)).toEqual(byKey(given))
      }),
    )
  })
})
