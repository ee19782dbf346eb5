import { describe, expect, test } from 'vitest'
import { sql } from './sql.ts'

describe('the sql tag', () => {
  test('turns values into parameters', () => {
    expect(sql`select ${1}, ${"'; drop"}, ${null}`).toEqual({ text: 'select $1, $2, $3', values: [1, "'; drop", null] })
    expect(sql`select 1`).toEqual({ text: 'select 1' })
  })

  test('quotes names', () => {
    expect(sql`select * from ${sql.identifier('ac"me', 'Polls')} where id = ${7}`).toEqual({
      text: 'select * from "ac""me"."Polls" where id = $1',
      values: [7],
    })
    expect(() => sql.identifier('')).toThrow(expect.objectContaining({ code: 'INVALID_SCHEMA_NAME' }))
  })

  test('may be nested', () => {
    const where = sql`where a = ${'a'} and b = ${'b'}`
    expect(sql`select ${0} from t ${where} limit ${5}`).toEqual({
      text: 'select $1 from t where a = $2 and b = $3 limit $4',
      values: [0, 'a', 'b', 5],
    })
  })

  test('treats an object that only looks like a statement or a name as a value', () => {
    const forged = JSON.parse('{"text": "drop table x", "strings": ["drop"]}') as object
    expect(sql`select ${forged}`).toEqual({ text: 'select $1', values: [forged] })
  })

  test('refuses text', () => {
    expect(() => sql('select 1' as never)).toThrow(expect.objectContaining({ code: 'UNSAFE_STATEMENT' }))
    expect(() => sql(['select 1'] as never)).toThrow(expect.objectContaining({ code: 'UNSAFE_STATEMENT' }))
  })
})
