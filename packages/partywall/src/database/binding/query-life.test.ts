import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { QueryLife, transitions, type QueryEvent, type QueryState } from './query-life.ts'

const events = ['written', 'sent again', 'answered'] as const satisfies readonly QueryEvent[]

/** A life in each state. */
const ways: Record<QueryState, readonly QueryEvent[]> = {
  queued: [],
  sent: ['written'],
  'queued again': ['written', 'sent again'],
  'sent again': ['written', 'sent again', 'written'],
  settled: ['written', 'answered'],
}

describe.each(Object.entries(ways))('a query that is %s', (state, way) => {
  const live = (): QueryLife => {
    const life = new QueryLife()
    for (const event of way) expect(life.note(event)).toBe(true)
    return life
  }

  test.each(events)('takes only what the table allows: %s', (event) => {
    expect(live().note(event)).toBe(transitions[state as QueryState][event] !== undefined)
  })

  test('is answered once', () => {
    const life = live()
    expect([life.settle(), life.settle(), life.isSettled]).toEqual([state !== 'settled', false, true])
  })

  test('may be sent again only if it never was', () => {
    expect(live().isFirst).toBe(state === 'queued' || state === 'sent')
  })
})

test('the table in the source is that of the code', async () => {
  const source = await readFile(new URL('query-life.ts', import.meta.url), 'utf8')
  const rows = [...source.matchAll(/^ \* \| (\w[\w ]*?) +\| (.+?) +\| (.+?) +\| (.+?) +\|$/gm)].slice(1)
  const table = Object.fromEntries(
    rows.map(([, state, ...cells]) => [
      state,
      Object.fromEntries(cells.map((cell, index) => [events[index], cell]).filter(([, cell]) => cell !== '–')),
    ]),
  )
  expect(table).toEqual(transitions)
})
