import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assertSchemaName, identifier, schemaNameProblem } from './identifier.ts'

describe('identifier', () => {
  test('quotes any name so that unquoting it returns the same name', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 30 }), (name) => {
        fc.pre(!name.includes('\0') && Buffer.byteLength(name) <= 63)
        const quoted = identifier(name)
        expect(quoted).toMatch(/^"(?:[^"]|"")*"$/)
        expect(quoted.slice(1, -1).replaceAll('""', '"')).toBe(name)
      }),
    )
  })

  test.each(['', 'a\0b', 'x'.repeat(64), 'ü'.repeat(32)])('refuses %j, which PostgreSQL would change', (name) => {
    expect(() => identifier(name)).toThrow(expect.objectContaining({ code: 'INVALID_SCHEMA_NAME' }))
  })
})

describe('schemaNameProblem and assertSchemaName', () => {
  test.each(['acme', '_x', 'a', 'acme-2', 'a_b', 'x'.repeat(63), 'select', 'user', 'pgx'])(
    '%s can be the name of a tenant schema',
    (name) => {
      expect(schemaNameProblem(name)).toBeUndefined()
    },
  )

  test.each([
    '',
    'Acme',
    'ACME',
    'x'.repeat(64),
    'a"b',
    "a'b",
    'a;drop schema public',
    'pg_x',
    'pg_catalog',
    'public',
    'information_schema',
    'partywall',
    'shared',
    'acmé',
    'аcme',
    'acme ',
    ' acme',
    'acme\n',
    'a.b',
    '1acme',
    '-acme',
    'a\0',
    'abcdef12-3456-4890-abcd-ef1234567890',
    undefined,
    null,
    42,
    {},
    ['acme'],
  ])('%j cannot be the name of a tenant schema', (name) => {
    expect(() => assertSchemaName(name)).toThrow(expect.objectContaining({ code: 'INVALID_SCHEMA_NAME' }))
  })

  test('refuse a name that the configuration uses', () => {
    expect(schemaNameProblem('extensions', ['extensions'])).toContain('reserved')
  })

  test('say that "shared" is the name of the shared schema in reports', () => {
    expect(() => assertSchemaName('shared')).toThrow(/^"shared" cannot be .* use this name for the shared schema/)
  })

  test('show a hostile name truncated and escaped', () => {
    expect(() => assertSchemaName(`\u001B[2J${'x'.repeat(1_000_000)}`)).toThrow(/^"\\u001b\[2Jx{1,95}…/)
  })

  test('accept no name that needs quotes or that PostgreSQL would fold, truncate or reserve', () => {
    const nearly = fc.stringMatching(/^[a-zA-Z_ü][a-zA-Z0-9_ "';.-]{0,70}$/)
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string()), (name) => {
        if (schemaNameProblem(name) !== undefined) return
        expect(name).toMatch(/^[a-z_][a-z0-9_-]{0,62}$/)
        expect(name.toLowerCase()).toBe(name)
        expect(name).not.toMatch(/^pg_/)
      }),
    )
  })
})
