import { describe, expect, test } from 'vitest'
import { resolveOptions } from '../../config/options.ts'
import type { Tenant } from '../../types.ts'
import { Bindings, bindingLiteral } from './binding.ts'

const acme = tenant('acme', 'eu-west')

describe('the binding of a tenant', () => {
  const bindings = new Bindings(resolveOptions({ extraSearchPath: ['ext'], statementTimeoutMs: 50 }))

  test('names its schema, its placement and its settings', () => {
    const { schema, placement, label, settings } = bindings.ofTenant(acme)
    expect({ schema, placement, label }).toEqual({ schema: 'acme', placement: 'eu-west', label: 'tenant "acme"' })
    expect(settings.map(({ name, values }) => [name, ...values])).toEqual([
      ['search_path', '"acme"', '"acme", "public", "ext", pg_temp'],
      ['partywall.tenant_id', 'id of acme'],
      ['statement_timeout', '50'],
    ])
  })

  test('is one object for one tenant object, and shares its statements with every binding of the same settings', () => {
    expect(bindings.ofTenant(acme)).toBe(bindings.ofTenant(acme))
    expect(bindings.ofTenant(acme).statements).toBe(bindings.ofTenant(tenant('other', 'default')).statements)
    expect(bindings.ofTenant(acme).statements).not.toBe(bindings.shared.statements)
  })

  test('leaves the shared schema out with includeShared: false', () => {
    const alone = new Bindings(resolveOptions({ includeShared: false }))
    expect(alone.ofTenant(acme).settings[0].values).toEqual(['"acme"', '"acme", pg_temp'])
  })
})

describe('the binding of the shared schema', () => {
  test('may have a schema named "shared", and has no timeout of a tenant', () => {
    const bindings = new Bindings(resolveOptions({ sharedSchema: 'shared', statementTimeoutMs: 50 }))
    const { schema, placement, label, settings } = bindings.shared
    expect({ schema, placement, label }).toEqual({
      schema: 'shared',
      placement: 'default',
      label: 'the shared schema "shared"',
    })
    expect(settings.map(({ values }) => values)).toEqual([['"shared"', '"shared", pg_temp']])
    expect(bindings.ofSchema('shared')).toBe(bindings.shared)
    expect(bindingLiteral(bindings.ofTenant(acme))).toContain(', "shared", pg_temp')
  })
})

test('a schema without a tenant is in the default placement, without a timeout', () => {
  const { placement, settings } = new Bindings(resolveOptions({ statementTimeoutMs: 50 })).ofSchema('acme')
  expect([placement, settings.map(({ name }) => name)]).toEqual(['default', ['search_path']])
})

test('two generations of a tenant have different bindings: neither a connection nor a plan passes from one to the other', () => {
  const bindings = new Bindings(resolveOptions({}))
  const [one, two] = [1, 2].map((generation) => bindings.ofTenant({ ...acme, generation }))
  expect(one!.key).not.toBe(two!.key)
  expect(one!.keyHash).not.toBe(two!.keyHash)
})

test.each([-1, 1.5, Number.NaN, 2 ** 31])('a timeout of %d milliseconds is refused', (milliseconds) => {
  const bindings = new Bindings(resolveOptions({ statementTimeoutMs: () => milliseconds }))
  expect(() => bindings.ofTenant(acme)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', details: { option: 'statementTimeoutMs' } }),
  )
})

function tenant(schema: string, placement: string): Tenant {
  return Object.freeze({
    id: `id of ${schema}`,
    schema,
    name: schema,
    kind: 'default',
    status: 'active',
    placement,
    generation: 1,
    attributes: {},
    createdAt: new Date(0),
  })
}
