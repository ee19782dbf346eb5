import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { splitStatements } from './lexer.ts'

const texts = (text: string): string[] => splitStatements(text).map(({ start, end }) => text.slice(start, end))

const tokensOf = (text: string): readonly string[] | undefined => splitStatements(text)[0]?.tokens

describe('splitStatements', () => {
  test.each([
    ['select 1; select 2', ['select 1', 'select 2']],
    [' ; ;; select 1 ;', ['select 1']],
    ['', []],
    ['-- only ; a comment', []],
    ['/* a /* nested ; */ one */ select 1', ['select 1']],
    ["select ';'; select 2", ["select ';'", 'select 2']],
    ["select 'it''s ;'; select 2", ["select 'it''s ;'", 'select 2']],
    [String.raw`select E'\';'; select 2`, [String.raw`select E'\';'`, 'select 2']],
    [String.raw`select '\'; select 2`, [String.raw`select '\'`, 'select 2']],
    ['select ";" from "a"";"; select 2', ['select ";" from "a"";"', 'select 2']],
    ['select $$ ; $$; select 2', ['select $$ ; $$', 'select 2']],
    ['select $x$ ; $$ ; $x$; select 2', ['select $x$ ; $$ ; $x$', 'select 2']],
    ['select $1; select 2', ['select $1', 'select 2']],
    ['select a$b$ ; select 2', ['select a$b$', 'select 2']],
    ["select 'never closed; select 2", ["select 'never closed; select 2"]],
    ['select $$never closed; select 2', ['select $$never closed; select 2']],
    ['select 1 /* never closed; select 2', ['select 1']],
    [
      'create function f() returns int begin atomic select 1; select case when true then 2 end; end; select 3',
      ['create function f() returns int begin atomic select 1; select case when true then 2 end; end', 'select 3'],
    ],
    // A comment may stand between the parts of a string. libpg-query reads the last part differently, PostgreSQL 14 and 18 as here.
    ["select E'a' -- '\n '\\'; commit; select '", ["select E'a' -- '\n '\\'; commit; select '"]],
    ["select U&'\\'; select 2", ["select U&'\\'", 'select 2']],
    ['begin; atomic; end', ['begin', 'atomic', 'end']],
  ])('%s', (text, expected) => {
    expect(texts(text)).toEqual(expected)
  })

  test('decodes an identifier with Unicode escapes', () => {
    expect(tokensOf(String.raw`U&"set\005fconfig" u&"set\+00005Fconfig"`)).toEqual(['set_config', 'set_config'])
    expect(tokensOf(`U&"set!005fconfig" /* x */ uescape -- y\n '!'`)).toEqual(['set_config'])
    expect(tokensOf(String.raw`U&"a\\b" U&"\zz"`)).toEqual(['"', '"'])
  })

  test('never loses or repeats a part of the text', () => {
    const pieces = fc.constantFrom(
      "'",
      '"',
      ';',
      '$$',
      '$a$',
      '--',
      '/*',
      '*/',
      '\\',
      'E',
      'begin atomic',
      'end',
      'select 1',
      '\n',
      '$1',
      '(',
      'ü',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 }))), (parts) => {
        const text = parts.join('')
        let last = 0
        for (const { start, end, tokens } of splitStatements(text)) {
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          expect(tokens.length).toBeGreaterThan(0)
          last = end
        }
        expect(last).toBeLessThanOrEqual(text.length)
      }),
    )
  })

  test('treats a semicolon in quotes of any kind as part of the statement', () => {
    const quoted = fc.oneof(
      fc.string().map((value) => `'${value.replaceAll("'", "''")}'`),
      fc.string({ minLength: 1 }).map((value) => `"${value.replaceAll('"', '""')}"`),
      fc
        .string()
        .filter((value) => !value.includes('$'))
        .map((value) => `$q$${value};$q$`),
    )
    fc.assert(
      fc.property(quoted, (literal) => {
        expect(splitStatements(`select ${literal}, 1; select 2`)).toHaveLength(2)
      }),
    )
  })
})
