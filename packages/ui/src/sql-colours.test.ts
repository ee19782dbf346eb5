import fc from 'fast-check'
import { expect, it } from 'vitest'
import { tokensOf } from './sql-colours.ts'

const kinds = (sql: string) => tokensOf(sql).flatMap(({ kind, text }) => (kind === undefined ? [] : [[kind, text]]))

it('tells words, texts, numbers and comments apart', () => {
  expect(kinds("select 12, 'it''s', name -- not select\nfrom t")).toEqual([
    ['word', 'select'],
    ['number', '12'],
    ['text', "'it'"],
    ['text', "'s'"],
    ['comment', '-- not select'],
    ['word', 'from'],
  ])
  expect(kinds('do $x$ select $$ 1 $x$')).toEqual([
    ['word', 'do'],
    ['text', '$x$ select $$ 1 $x$'],
  ])
})

it('takes no name for a word because a word is in it, or in quotes', () => {
  expect(kinds('"select" selected table_1 x2')).toEqual([])
})

it('loses no character, whatever the text is', () => {
  const piece = fc.oneof(fc.string(), fc.constantFrom("'", '"', '$$', '$a$', '--', '/*', '*/', '\n', 'select', '𝔘', '1.'))
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const sql = pieces.join('')
      expect(
        tokensOf(sql)
          .map(({ text }) => text)
          .join(''),
      ).toBe(sql)
    }),
  )
})
