import { expect, test } from 'vitest'
import type { Migration } from '../../ports/migration-source.ts'
import { loadGrammar } from '../statements/grammar.ts'
import { foldEnumValues, foldEnumValuesInTexts } from './fold-enum-values.ts'

const grammar = await loadGrammar()

function folded(...texts: string[]): string[] {
  const migrations = texts.map((text, index): Migration => {
    const up: Migration['up'] = text === 'code' ? { kind: 'code', run: () => {} } : { kind: 'sql', text, line: 1 }
    return { name: String(index), file: String(index), checksum: '1', up }
  })
  return foldEnumValues(migrations, grammar).map(({ up }) => (up.kind === 'sql' ? up.text : 'code'))
}

const use = `select 'b'::mood`

test.each<[string, string[], string[]]>([
  [
    'behind the others',
    [`create type mood as enum ('a')`, `alter type mood add value 'b'`, use],
    [`create type mood as enum ('a', 'b')`, '', use],
  ],
  [
    'before and behind others',
    [
      `create type mood as enum ('a', 'c')`,
      `alter type mood add value 'b' before 'c'; alter type mood add value 'it''s' after 'a'`,
      use,
    ],
    [`create type mood as enum ('a', 'it''s', 'b', 'c')`, '; ', use],
  ],
  [
    'to an empty list',
    [`create type mood as enum ()`, `alter type mood add value 'b'`, use],
    [`create type mood as enum ('b')`, '', use],
  ],
  [
    'in blocks',
    [
      `do $$ begin create type mood as enum ('a'); exception when others then null; end $$`,
      `do $$ begin alter type mood add value if not exists 'b'; end $$`,
      use,
    ],
    [`do $$ begin create type mood as enum ('a', 'b'); exception when others then null; end $$`, 'do $$ begin null; end $$', use],
  ],
  [
    'with other names now',
    [
      `create type feeling as enum ('a')`,
      `alter type feeling rename to mood; alter type mood rename value 'a' to 'x'`,
      `alter type mood add value 'b' before 'x'`,
      use,
    ],
    [
      `create type feeling as enum ('b', 'a')`,
      `alter type feeling rename to mood; alter type mood rename value 'a' to 'x'`,
      '',
      use,
    ],
  ],
  [
    'only to the type that has the name then',
    [`create type mood as enum ('a')`, 'drop type mood', `create type mood as enum ('c'); alter type mood add value 'b'`, use],
    [`create type mood as enum ('a')`, 'drop type mood', `create type mood as enum ('c', 'b'); `, use],
  ],
  [
    'which code may use',
    [`create type mood as enum ('a')`, `alter type mood add value 'b'`, 'code'],
    [`create type mood as enum ('a', 'b')`, '', 'code'],
  ],
])('values are folded into the creation of their type: %s', (_, texts, expected) => {
  expect(folded(...texts)).toEqual(expected)
})

test.each([
  ['that nothing uses', `create type mood as enum ('a')`, `alter type mood add value 'b'`],
  ['of a type that is made elsewhere', `alter type mood add value 'b'`, use],
  [
    'under a condition',
    `create type mood as enum ('a')`,
    `do $$ begin if random() > 1 then alter type mood add value 'b'; end if; end $$`,
    use,
  ],
  [
    'with the name that another one had',
    `create type mood as enum ('b')`,
    `alter type mood rename value 'b' to 'a'`,
    `alter type mood add value 'b'`,
    use,
  ],
  ['in a block in plain quotes', `create type mood as enum ('a')`, `do 'begin alter type mood add value ''b''; end'`, use],
])('values stay where they are: %s', (_, ...texts) => {
  expect(folded(...texts)).toEqual(texts)
})

test('foldEnumValuesInTexts gives the texts that change, and none when a text would have to be changed in two ways', () => {
  const [create, add, addAgain] = [`create type m as enum ('a')`, `alter type m add value 'b'`, `alter type m add value 'c'`]
  expect([...foldEnumValuesInTexts([create, 'select 1', add], grammar)]).toEqual([
    [create, `create type m as enum ('a', 'b')`],
    [add, ''],
  ])
  expect([...foldEnumValuesInTexts([create, add, 'drop type m', create, addAgain], grammar)]).toEqual([])
})
