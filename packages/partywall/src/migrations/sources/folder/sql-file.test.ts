import { describe, expect, test } from 'vitest'
import { parseSqlFile } from './sql-file.ts'

describe('a migration in SQL', () => {
  test('is all way up without a marker', () => {
    expect(parseSqlFile('0001_a.sql', 'select 1;\nselect 2;\n')).toEqual({
      up: { kind: 'sql', text: 'select 1;\nselect 2;\n', line: 1 },
    })
  })

  test.each(['-- partywall: down', '--partywall:down', '  -- Partywall:  DOWN  '])('is parted by %j', (marker) => {
    expect(parseSqlFile('0001_a.sql', `create table a ();\n${marker}\ndrop table a;`)).toEqual({
      up: { kind: 'sql', text: 'create table a ();', line: 1 },
      down: { kind: 'sql', text: 'drop table a;', line: 3 },
    })
  })

  test.each([
    ['a;\n-- partywall: dwon\nb;', /line 2 .*Did you mean `-- partywall: down`/],
    ['-- partywall: no-transactoin\na;', /Did you mean `-- partywall: no-transaction`/],
    ['a;\n-- partywall: something else', /The markers there are/],
    ['a;\n-- partywall:', /unknown marker/],
    ['a;\n-- partywall: down\nb;\n-- partywall: down\nc;', /line 4 .*second/],
    ['\n-- partywall: down\nb;', /nothing before/],
  ])('%j is refused', (text, message) => {
    expect(() => parseSqlFile('0001_a.sql', text)).toThrow(message)
    expect(() => parseSqlFile('0001_a.sql', text)).toThrow(expect.objectContaining({ code: 'INVALID_MIGRATION' }))
  })

  test('says that it wants no transaction', () => {
    expect(parseSqlFile('0001_a.sql', '-- partywall: no-transaction\na;\n-- partywall: down\nb;')).toEqual({
      up: { kind: 'sql', text: '-- partywall: no-transaction\na;', line: 1 },
      down: { kind: 'sql', text: 'b;', line: 4 },
      transaction: false,
    })
  })

  test('a comment that only speaks of partywall is no marker', () => {
    const text = "-- see partywall: down\nselect '-- partywall', 1; -- partywall: down"
    expect(parseSqlFile('0001_a.sql', text)).toEqual({ up: { kind: 'sql', text, line: 1 } })
  })
})
