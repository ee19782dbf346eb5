import { expect, test } from 'vitest'
import { toTenant } from '../../catalog/tenants/tenant-row.ts'
import { currentScope } from './current-scope.ts'

const row = {
  id: '00000000-0000-4000-8000-000000000001',
  schema: 'acme',
  name: 'Acme',
  kind: 'default',
  status: 'active',
  placement: 'default',
  generation: '1',
  revision: '1',
  schema_oid: '16400',
  attributes: '{}',
  created_at: '0',
} as const

const keyOf = (found: Parameters<typeof toTenant>[0]): string => {
  const scope = { kind: 'tenant', tenant: toTenant(found) } as const
  const options = { sharedSchema: 'public', outsideScope: 'refuse' } as const
  return currentScope({ scope: () => scope, options } as unknown as Parameters<typeof currentScope>[0]).key
}

test('what is kept for a tenant is not found when its name or its schema means something else', () => {
  expect(keyOf({ ...row })).toBe(keyOf({ ...row, name: 'Other' }))
  for (const change of [{ generation: '2' }, { schema_oid: '16500' }, { schema: 'other' }]) {
    expect(keyOf({ ...row, ...change })).not.toBe(keyOf(row))
  }
})
