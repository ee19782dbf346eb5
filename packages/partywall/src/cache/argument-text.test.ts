import fc from 'fast-check'
import { expect, test } from 'vitest'
import { argumentText } from './argument-text.ts'

const text = (...args: unknown[]): string => argumentText('f', args)

test('values that differ have texts that differ', () => {
  const different: unknown[][] = [
    [],
    [undefined],
    [null],
    ['undefined'],
    ['null'],
    [1],
    ['1'],
    [1n],
    ['1n'],
    [true],
    ['true'],
    [Number.NaN],
    ['NaN'],
    [0],
    [-0],
    [Number.POSITIVE_INFINITY],
    [new Date(1)],
    ['Date(1)'],
    [new Date(Number.NaN)],
    [[1, 2]],
    [1, 2],
    [[[1], 2]],
    ['1,2'],
    [{ a: 1 }],
    [{ a: '1' }],
    [{ a: undefined }],
    [{}],
    [{ 'a":1,"b': 2 }],
    [{ a: 1, b: 2 }],
    [new Map([['a', 1]])],
    [new Set(['a', 1])],
    [[['a', 1]]],
    [new URL('https://a.example')],
    ['https://a.example/'],
    [Buffer.from('a')],
    [{ __proto__: null, a: [1] }],
    ['x'.repeat(500)],
    ['x'.repeat(501)],
  ]
  expect(new Set(different.map((args) => text(...args))).size).toBe(different.length)
})

test('the order in which an object got its keys does not matter', () => {
  expect(text({ a: 1, b: { d: 1, c: 2 } })).toBe(text({ b: { c: 2, d: 1 }, a: 1 }))
  expect(text(Object.assign(Object.create(null), { a: 1 }))).toBe(text({ a: 1 }))
})

test('two random values have one text only if they are the same', () => {
  fc.assert(
    fc.property(fc.anything({ withDate: true, withBigInt: true }), fc.anything({ withDate: true, withBigInt: true }), (a, b) => {
      const [one, two] = [a, b].map((each) => tryText(each))
      if (one === undefined || two === undefined) return
      if (one === two) expect(a).toEqual(b)
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['a function', () => 1, /a function/],
  ['a symbol', Symbol('a'), /a symbol/],
  ['an instance', new Intl.Collator(), /"Collator"/],
  ['an error', new Error('a'), /"Error"/],
  ['an array with gaps', withGap(), /gaps/],
  ['a match', /a/.exec('a'), /properties of its own/],
  ['a symbol as a key', { [Symbol('a')]: 1 }, /symbols/],
])('%s is refused', (_, value, message) => {
  expect(() => text([value])).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) }),
  )
})

test('an object that holds itself is refused, and one that is there twice is not', () => {
  const own: Record<string, unknown> = {}
  own['own'] = { own }
  expect(() => text(own)).toThrow(/holds itself/)
  const twice = { a: 1 }
  expect(text(twice, twice)).toBe(text({ a: 1 }, { a: 1 }))
})

function withGap(): unknown[] {
  const list: unknown[] = [1]
  list[2] = 3
  return list
}

function tryText(value: unknown): string | undefined {
  try {
    return text(value)
  } catch {
    return undefined
  }
}
