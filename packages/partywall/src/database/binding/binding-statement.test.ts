import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Setting } from '../boundary/setting.ts'
import { statementTimeout } from '../boundary/statement-timeout.ts'
import { bindingLiteralOf, bindingStatements } from './binding-statement.ts'
import { searchPath } from './search-path.ts'

const path = searchPath('acme', ['public'], '16400')
const role = simple('role', 'role', `o'neill`)
const locale = simple('lc_time', 'time', 'C')

describe('binding statements', () => {
  test('bindings with the same settings share their statements, whatever the values', () => {
    const one = bindingStatements([path, statementTimeout(50)])
    expect(bindingStatements([searchPath('other', [], '16500'), statementTimeout(7)])).toBe(one)
  })

  test('every list of settings has prepared names of its own', () => {
    const lists = fc.shuffledSubarray([statementTimeout(50), role, locale])
    fc.assert(
      fc.property(lists, lists, (some, others) => {
        const isSame = some.map(({ name }) => name).join() === others.map(({ name }) => name).join()
        expect(new Set([...namesOf(some), ...namesOf(others)]).size).toBe(isSame ? 2 : 4)
      }),
    )
  })

  test('the path alone has the shortest names: they are sent with every statement', () => {
    const { plain, handover } = bindingStatements([path])
    expect([plain.name, handover.name]).toEqual([
      expect.stringMatching(/^partywall_binding_[\w-]{22}$/),
      expect.stringMatching(/^partywall_handover_[\w-]{22}$/),
    ])
    expect(bindingStatements([path, statementTimeout(50)]).plain.name).toMatch(/^partywall_binding_timeout_[\w-]{22}$/)
  })

  test('parameters are numbered through all settings', () => {
    const { text } = bindingStatements([path, statementTimeout(50), role]).plain
    expect(text).toContain(`or pg_catalog.set_config('statement_timeout', $4, true) is null`)
    expect(text).toContain(`or pg_catalog.set_config('role', $5, true) is null`)
  })
})

test('a literal contains the same settings, quoted, for the transaction or for the session', () => {
  const settings = [path, statementTimeout(50), role]
  const literal = bindingLiteralOf(settings)
  expect(literal).toContain(`'"acme"'::pg_catalog.text::pg_catalog.regnamespace`)
  expect(literal).toContain(`or pg_catalog.set_config('statement_timeout', '50', true) is null`)
  expect(literal).toContain(`or pg_catalog.set_config('role', 'o''neill', true) is null`)
  expect(literal.match(/, true\) is null/g)).toHaveLength(3)
  expect(bindingLiteralOf(settings, { isLocal: false })).toBe(literal.replaceAll(', true) is null', ', false) is null'))
})

function namesOf(others: readonly Setting[]): string[] {
  const { plain, handover } = bindingStatements([path, ...others])
  return [plain.name, handover.name]
}

function simple(name: string, tag: string, value: string): Setting {
  const literal = `'${value.replaceAll("'", "''")}'`
  return { name, tag, values: [value], literals: () => [literal], expression: ([sql]) => sql! }
}
