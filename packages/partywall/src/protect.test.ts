import { describe, expect, test } from 'vitest'
import { protect } from './index.ts'

describe('protect', () => {
  test('gives a statement with quoted names', () => {
    expect(protect('public.invoices', 'tenant_id')).toBe(`select partywall.protect('"public"."invoices"', 'tenant_id')`)
    expect(protect('public.invoices')).toBe(protect('public.invoices', 'tenant_id'))
    expect(protect("shop.Alice's Orders", 'tenantId')).toBe(`select partywall.protect('"shop"."Alice''s Orders"', 'tenantId')`)
    expect(protect('public.a\\b')).toBe(`select partywall.protect( E'"public"."a\\\\b"', 'tenant_id')`)
  })

  test.each([
    'invoices',
    '',
    '.',
    'public.',
    'a.b.c',
    'public."Invoices"',
    'public. invoices',
    'public.a\0b',
    `public.${'x'.repeat(64)}`,
    null,
    7,
  ])('refuses the table %j', (table) => {
    expect(() => protect(table as string)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', details: { option: 'table', what: 'protect' } }),
    )
  })

  test.each(['', ' ', '"tenantId"', 'x'.repeat(64), null])('refuses the column %j', (column) => {
    expect(() => protect('public.invoices', column as string)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', details: { option: 'column', what: 'protect' } }),
    )
  })
})
