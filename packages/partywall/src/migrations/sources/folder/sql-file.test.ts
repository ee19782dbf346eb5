import { describe, expect, test } from 'vitest'
import { parseSqlFile } from './sql-file.ts'

describe('parseSqlFile', () => {
  test('takes a text without a marker as the up migration', () => {
    expect(parseSqlFile('0001_a.sql', 'select 1;\nselect 2;\n')).toEqual({
      up: { kind: 'sql', text: 'select 1;\nselect 2;\n', line: 1 },
    })
  })

  test.each(['-- partywall: down', '--partywall:down', '  -- Partywall:  DOWN  '])('splits the text at %j', (marker) => {
    expect(parseSqlFile('0001_a.sql', `create table a ();\n${marker}\ndrop table a;`)).toEqual({
      up: { kind: 'sql', text: 'create table a ();', line: 1 },
      down: { kind: 'sql', text: 'drop table a;', line: 3 },
    })
  })

  test.each([
    ['a;\n-- partywall: dwon\nb;', /line 2 .*Did you mean `-- partywall: down`/],
    ['-- partywall: no-transactoin\na;', /Did you mean `-- partywall: no-transaction`/],
    ['a;\n-- partywall: something else', /The known markers are/],
    ['a;\n-- partywall:', /unknown marker/],
    ['a;\n-- partywall: down\nb;\n-- partywall: down\nc;', /line 4 .*second/],
    ['\n-- partywall: down\nb;', /nothing before/],
  ])('refuses %j', (text, message) => {
    expect(() => parseSqlFile('0001_a.sql', text)).toThrow(message)
    expect(() => parseSqlFile('0001_a.sql', text)).toThrow(expect.objectContaining({ code: 'INVALID_MIGRATION' }))
  })

  test('reads the marker for a migration that must run outside of a transaction', () => {
    expect(parseSqlFile('0001_a.sql', '-- partywall: no-transaction\na;\n-- partywall: down\nb;')).toEqual({
      up: { kind: 'sql', text: '-- partywall: no-transaction\na;', line: 1 },
      down: { kind: 'sql', text: 'b;', line: 4 },
      transaction: false,
    })
  })

  test('takes a comment that only mentions partywall for no marker', () => {
    const text = "-- see partywall: down\nselect '-- partywall', 1; -- partywall: down"
    expect(parseSqlFile('0001_a.sql', text)).toEqual({ up: { kind: 'sql', text, line: 1 } })
  })
})
