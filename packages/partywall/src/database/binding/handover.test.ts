import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Handover, transitions, type HandoverEvent } from './handover.ts'

const events: HandoverEvent[] = [
  'cleaning sent',
  'savepoint set',
  'rolled back to savepoint',
  'rolled back',
  'committed',
  'lent to another',
]

test('the code follows the table at the head of the file', async () => {
  const source = await readFile(new URL('handover.ts', import.meta.url), 'utf8')
  const rows = source.split('\n').filter((line) => line.startsWith(' * | '))
  const [, ...cells] = rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  expect(Object.fromEntries(cells.map(([state, ...next]) => [state, next]))).toEqual(transitions)
})

describe('a handover', () => {
  test('is due on a new connection, and done when the transaction that cleaned it is committed', () => {
    const handover = lentTo('a')
    expect(handover.isDue).toBe(true)
    handover.note('cleaning sent')
    expect(handover.isDue).toBe(false)
    handover.note('committed')
    handover.lendTo('a')
    expect(handover.isDue).toBe(false)
    handover.lendTo('b')
    expect(handover.isDue).toBe(true)
  })

  test('is due again after each kind of rollback that brings back what was removed', () => {
    for (const [before, undo, isDue] of [
      [[], 'rolled back', true],
      [['savepoint set'], 'rolled back to savepoint', true],
      [[], 'rolled back to savepoint', false],
    ] as const) {
      const handover = lentTo('a')
      for (const event of before) handover.note(event)
      handover.note('cleaning sent')
      handover.note(undo)
      expect(handover.isDue).toBe(isDue)
    }
  })

  test('is never skipped: whatever happens, a connection that is not due was cleaned for the binding that has it', () => {
    const step = fc.oneof(fc.constantFrom(...events.filter((event) => event !== 'lent to another')), fc.constantFrom('a', 'b'))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const handover = lentTo('a')
        let current = 'a'
        let cleanedFor: string | undefined
        for (const one of steps) {
          if (one === 'a' || one === 'b') handover.lendTo((current = one))
          else {
            handover.note(one)
            if (one === 'cleaning sent') cleanedFor = current
          }
          if (!handover.isDue) expect(cleanedFor).toBe(current)
          expect(handover.contradiction(true)).toBeUndefined()
        }
      }),
    )
  })
})

describe('a contradiction is found', () => {
  test('when the end of the transaction that cleaned the connection was not noted', () => {
    const handover = lentTo('a')
    handover.note('cleaning sent')
    expect(handover.contradiction(true)).toBeUndefined()
    expect(handover.contradiction(false)).toContain('was not noted')
    handover.note('committed')
    expect(handover.contradiction(false)).toBeUndefined()
  })

  test.each([
    ['done', ['cleaning sent', 'committed']],
    ['sent', ['cleaning sent']],
  ] as const)('when a table with a mistake leaves the state at "%s" for another binding', (state, before) => {
    const correct = transitions[state]
    transitions[state] = [state, ...correct.slice(1)]
    onTestFinished(() => void (transitions[state] = correct))
    const handover = lentTo('a')
    for (const event of before) handover.note(event)
    handover.lendTo('b')
    expect(handover.contradiction(true)).toContain('was not cleaned')
  })
})

function lentTo(key: string): Handover {
  const handover = new Handover()
  handover.lendTo(key)
  return handover
}
