import { expect, test } from 'vitest'
import { byApiKey, byClaim, byCookie, byHeader, byHost, byOrigin, byPath, byQuery, bySession } from 'partywall'
import { spoofable } from '../../src/check/spoofable-resolvers.ts'

const open = [
  byHeader('t'),
  byQuery('t'),
  byCookie('t'),
  byOrigin({ base: 'example.com' }),
  byPath({ prefix: '/t' }),
  bySession('t'),
]

function own(): undefined {}

test('PW-003 names each resolver that a client can choose its tenant by, what it reads, and how the config says that it is checked', () => {
  const found = spoofable([...open, own])
  expect(found.map(({ severity }) => severity)).toEqual(Array(7).fill('error'))
  expect(found.map(({ seen }) => /^the resolver "(.*?)" (?:reads|is) (.*?)[,;]/.exec(seen)!.slice(1))).toEqual([
    ['header t', 'a header'],
    ['query t', 'the query of the URL'],
    ['cookie t', 'a cookie'],
    ['origin', 'the header Origin'],
    ['path', 'the path'],
    ['session', 'what a user chose earlier'],
    ['own', 'your own code'],
  ])
  expect(found.map(({ fix }) => /\bby[A-Z][a-z]+\(/.exec(fix)?.[0])).toEqual([
    'byHeader(',
    'byQuery(',
    'byCookie(',
    'byOrigin(',
    'byPath(',
    'bySession(',
    undefined,
  ])
  expect(spoofable([byHost({ base: 'example.com' }), ...open]).map(({ severity }) => severity)).toEqual(Array(6).fill('warning'))
})

test('PW-003 is silent about what was verified, and about what is declared as checked', () => {
  const checked = [
    byClaim('t'),
    byApiKey('x-api-key', () => undefined),
    byPath({ trusted: true }),
    bySession('t', { trusted: true }),
  ]
  expect(spoofable(checked)).toEqual([])
})
