import fc from 'fast-check'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { literal } from './literal.ts'

test('a literal is what node-postgres would write', () => {
  const hostile = fc.string({ unit: fc.constantFrom("'", '\\', '"', '$', 'E', ' ', '\n', 'ä', '💥', '\0') })
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), hostile), (text) => {
      expect(literal(text)).toBe(Client.prototype.escapeLiteral(text))
    }),
  )
})
