import { expect, test } from 'vitest'
import { factsOf, reviewed } from '../../../test/support/migrations/review-text.ts'

test.each([
  [`select setval('plans_id_seq', 7)`, 'plans_id_seq'],
  [`select pg_catalog.setval('"Plans_id_seq"'::regclass, 7, false)`, 'Plans_id_seq'],
  [`select setval(pg_get_serial_sequence('plans', 'id'), 7)`, 'plans'],
  [`do $$ begin perform setval('plans_id_seq', 7); end $$`, 'plans_id_seq'],
])('setval changes the sequence that its string names: %s', (text, name) => {
  expect(factsOf(text)[0]!.changed).toMatchObject([{ class: 'relation', name }])
})

test.each([`select setval('public.plans_id_seq', 7)`, `select setval('other.plans_id_seq', 7)`])(
  'setval of a sequence in another schema is refused: %s',
  (text) => {
    expect(() => reviewed(text)).toThrow(/a change to the rows of \w+\.plans_id_seq/)
    expect(reviewed(text, { changesShared: true })).toBe(text)
  },
)

test('setval of an own sequence is sent', () => {
  expect(reviewed(`select setval('public.tickets', 7), setval('public.books_id_seq', 7)`)).toBe(
    `select setval('tickets', 7), setval('books_id_seq', 7)`,
  )
})
