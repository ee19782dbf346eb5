import { expect, test } from 'vitest'
import { wrapped } from './wrap.ts'

const sentence = `    ${'word '.repeat(20)}end`

test('a sentence is broken between words on a terminal, each line with the indent of the first', () => {
  const lines = wrapped([sentence, '  short'], { isTTY: true, columns: 60 })
  expect(lines.map((line) => line.length).every((length) => length <= 60)).toBe(true)
  expect(lines.slice(0, -1).every((line) => line.startsWith('    word'))).toBe(true)
  expect(lines.at(-1)).toBe('  short')
  expect(
    lines
      .slice(0, -1)
      .map((line) => line.trim())
      .join(' '),
  ).toBe(sentence.trim())
})

test('a word that is longer than the line stays whole', () => {
  const path = '/a/very/long/path/'.repeat(6)
  expect(wrapped([`  at ${path} here`], { isTTY: true, columns: 60 })).toEqual(['  at', `  ${path}`, '  here'])
})

test('a pipe receives whole lines', () => {
  expect(wrapped([sentence], { columns: 60 })).toEqual([sentence])
})
