import fc from 'fast-check'
import { serialize } from 'pg-protocol'
import { expect, test } from 'vitest'
import { closeBytes, executionBytes, parseBytes } from './wire.ts'

test('the bytes are the same as those of node-postgres', () => {
  const texts = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))
  fc.assert(
    fc.property(texts, texts, fc.array(texts), (name, text, values) => {
      expect(parseBytes(name, text).equals(serialize.parse({ name, text }))).toBe(true)
      expect(closeBytes(name).equals(serialize.close({ type: 'S', name }))).toBe(true)
      const execute = serialize.execute()
      const bind = serialize.bind({ statement: name, values })
      const execution = executionBytes(name, values)
      expect(execution.subarray(-execute.length).equals(execute)).toBe(true)
      // node-postgres names the format "text" for each value and for the results; ours leaves them to the default, which is text.
      expect(execution.length - execute.length).toBe(bind.length - 2 * values.length - 2)
    }),
  )
})
