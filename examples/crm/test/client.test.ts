/** What the client reckons by itself. */
import { expect, test } from 'vitest'
import { moved, placeBeside } from '../client/leads/board.ts'
import { bytesText } from '../client/common/bytes.ts'
import { sentence } from '../client/common/sentence.ts'
import { weeksOf } from '../client/dashboard/weeks.ts'
import { addressFor } from '../client/site/slug.ts'
import { address } from '../src/api/schemas/sign-up.ts'
import type { Board, Lead, Stage } from '../src/api/schemas/leads.ts'

test.each([
  ['Müller & Söhne GmbH', 'muller-sohne-gmbh'],
  ['  3M Ångström’s ', 'm-angstroms'],
  ['Straße', 'strasse'],
  ['株式会社', ''],
  ['<script>alert(1)</script>', 'script-alert-1-script'],
  ['a'.repeat(80), 'a'.repeat(30)],
  [`${'a'.repeat(29)} b`, 'a'.repeat(29)],
])('the address for %j is %j, which the server accepts', (company, expected) => {
  expect(addressFor(company)).toBe(expected)
  if (expected !== '') expect(address.safeParse(expected).success).toBe(true)
})

const lead = (id: number, stage: Stage) => ({ id, stage, valueCents: id * 100 }) as Lead
const column = (stage: Stage, ids: readonly number[], count = ids.length) => ({
  stage,
  count,
  valueCents: 1000,
  leads: ids.map((id) => lead(id, stage)),
})
function board(): Board {
  return { columns: [column('new', [1, 2, 3]), column('contacted', [4], 60), column('won', [])] }
}
const idsOf = ({ columns }: Board) => columns.map(({ leads }) => leads.map(({ id }) => id))

test('the keyboard goes to each place beside a lead, and no further', () => {
  expect(placeBeside(board(), 2, 'up')).toEqual({ stage: 'new', before: 1 })
  expect(placeBeside(board(), 2, 'down')).toEqual({ stage: 'new', before: null })
  expect(placeBeside(board(), 1, 'down')).toEqual({ stage: 'new', before: 3 })
  expect(placeBeside(board(), 2, 'right')).toEqual({ stage: 'contacted', before: 4 })
  expect(placeBeside(board(), 4, 'right')).toEqual({ stage: 'won', before: null })
  expect(placeBeside(board(), 1, 'up')).toBeUndefined()
  expect(placeBeside(board(), 1, 'left')).toBeUndefined()
  expect(placeBeside(board(), 3, 'down')).toBeUndefined()
  expect(placeBeside(board(), 99, 'left')).toBeUndefined()
})

test('behind the last lead that is shown there may be more, so it goes no further down', () => {
  const [first, second] = board().columns
  const shown = { columns: [first!, { ...second!, leads: [lead(4, 'contacted'), lead(5, 'contacted')] }] }
  expect(placeBeside(shown, 4, 'down')).toBeUndefined()
})

test('a move takes the lead, its count and its value along, and leaves the old board as it was', () => {
  const old = board()
  const next = moved(old, 2, { stage: 'contacted', before: 4 })
  expect(idsOf(next)).toEqual([[1, 3], [2, 4], []])
  expect(next.columns.map(({ count, valueCents }) => [count, valueCents])).toEqual([
    [2, 800],
    [61, 1200],
    [0, 1000],
  ])
  expect(next.columns[1]!.leads[0]!.stage).toBe('contacted')
  expect(idsOf(old)).toEqual([[1, 2, 3], [4], []])
  expect(idsOf(moved(old, 1, { stage: 'new', before: null }))[0]).toEqual([2, 3, 1])
  expect(moved(old, 99, { stage: 'won', before: null })).toBe(old)
})

test('sizes, sentences and weeks', () => {
  expect([0, 1023, 1536, 104_857_600, 5_368_709_120].map(bytesText)).toEqual(['0 B', '1,023 B', '1.5 kB', '100 MB', '5 GB'])
  expect(sentence('must not be empty')).toBe('It must not be empty.')
  expect(sentence('This address is taken.')).toBe('This address is taken.')
  const days = Array.from({ length: 9 }, (_, index) => ({ day: `2026-03-0${index + 1}`, value: 1 }))
  expect(weeksOf(days)).toEqual([
    { x: new Date('2026-03-01T12:00:00Z'), y: 2 },
    { x: new Date('2026-03-03T12:00:00Z'), y: 7 },
  ])
})
