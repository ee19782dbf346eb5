import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertSchemaName, identifier, schemaNameProblem } from './identifier.ts'

describe('identifier', () => {
  it('quotes any name so that it reads back as itself', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 30 }), (name) => {
        fc.pre(!name.includes('\0') && Buffer.byteLength(name) <= 63)
        const quoted = identifier(name)
        expect(quoted).toMatch(/^"(?:[^"]|"")*"$/)
        expect(quoted.slice(1, -1).replaceAll('""', '"')).toBe(name)
      }),
    )
  })

  it.each(['', 'a\0b', 'x'.repeat(64), 'ü'.repeat(32)])('refuses %j, which PostgreSQL would change', (name) => {
    expect(() => identifier(name)).toThrow(expect.objectContaining({ code: 'INVALID_SCHEMA_NAME' }))
  })
})

describe('names of tenant schemas', () => {
  it.each(['acme', '_x', 'a', 'acme-2', 'a_b', 'x'.repeat(63), 'select', 'user', 'pgx'])('%s can be one', (name) => {
    expect(schemaNameProblem(name)).toBeUndefined()
  })

  it.each([
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
  ])('%j cannot', (name) => {
    expect(() => assertSchemaName(name)).toThrow(expect.objectContaining({ code: 'INVALID_SCHEMA_NAME' }))
  })

  it('refuses names that the configuration uses', () => {
    expect(schemaNameProblem('extensions', ['extensions'])).toContain('reserved')
  })

  it('shows a hostile name cut and escaped', () => {
    expect(() => assertSchemaName(`\u001B[2J${'x'.repeat(1_000_000)}`)).toThrow(/^"\\u001b\[2Jx{1,95}…/)
  })

  it('passes nothing that needs quotes or that PostgreSQL would fold, cut or reserve', () => {
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
