import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { byHeader, type HeaderOptions } from './by-header.ts'

const id = '6f1c1c9e-8f5e-4c1b-9f1d-2f0d0c9b7a11'
const read = (value: string | string[] | undefined, options?: HeaderOptions) =>
  byHeader('X-Tenant-Id', options).resolve({ headers: { 'x-tenant-id': value } })

describe('byHeader', () => {
  test('reads an id, in any case', () => {
    expect(read(id)).toEqual({ outcome: 'tenant', ref: { id } })
    expect(read(id.toUpperCase())).toEqual({ outcome: 'tenant', ref: { id } })
  })

  test('reads a schema', () => expect(read('acme')).toEqual({ outcome: 'tenant', ref: { schema: 'acme' } }))

  test('reads only the forms in accept', () => {
    expect(read('acme', { accept: ['id'] })).toMatchObject({ outcome: 'invalid' })
    expect(read(id, { accept: ['schema'] })).toMatchObject({ outcome: 'invalid' })
  })

  test('names no tenant without the header', () => {
    expect(read(undefined)).toEqual({ outcome: 'none' })
    expect(byHeader('x-tenant-id').resolve({})).toEqual({ outcome: 'none' })
  })

  test.each([
    '',
    ' ',
    ' acme',
    'acme\n',
    'acme\u00a0',
    'acme,ferrari',
    'acme, acme',
    `${id}, ${id}`,
    ['acme', 'acme'],
    ['acme', 'ferrari'],
    'Acme',
    'acme.example.com',
    'acme"; drop schema ferrari',
    'pg_catalog',
    'public',
    'partywall',
    'ａcme',
    'a'.repeat(64),
    `${id}0`,
    'x'.repeat(10_000),
  ])('answers invalid for %j', (value) => expect(read(value)).toMatchObject({ outcome: 'invalid' }))

  test('never throws and never repeats a refused value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (value) => {
        expect(read(`<${value}>`)).toEqual({
          outcome: 'invalid',
          reason: `the header x-tenant-id ${value.includes(',') ? 'is given more than once' : 'is not a tenant id or a schema name'}`,
        })
      }),
    )
  })

  test.each([
    ['host', {}, /byHost/],
    ['', {}, /not the name of a header/],
    ['x tenant', {}, /not the name of a header/],
    ['x-tenant', { accept: [] }, /"accept"/],
    ['x-tenant', { accept: ['domain'] }, /"accept"/],
    ['x-tenant', { accepts: ['id'] }, /Did you mean "accept"/],
  ])('refuses the name %j with %j', (name, options, message) => {
    expect(() => byHeader(name, options as HeaderOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
    )
  })
})
