import { expect, test } from 'vitest'
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { comparablePlain, comparableTenant } from './comparable.ts'

const empty = { sequences: [], types: [], routines: [], statistics: [], collations: [], dictionaries: [], configurations: [] }
const shared = { bySchema: new Map([['public', new Set(['gen_random_uuid', 'citext'])]]) }

/** Only what the comparison looks at. */
function blueprintWith(table: object, more: object = {}): Blueprint {
  return { ...empty, relations: [{ kind: 'table', name: 'books', ...table }], ...more } as unknown as Blueprint
}

const plainly = (table: object, more?: object): Blueprint =>
  comparablePlain(blueprintWith(table, more), blueprintWith({}, { relations: [] }), shared)
const asTenant = (table: object, more?: object): Blueprint => comparableTenant(blueprintWith(table, more), shared, 'try_one')

test('a function of PostgreSQL that an extension in the plain database hides is the same in a tenant', () => {
  expect(plainly({ default: 'pg_catalog.gen_random_uuid()' })).toEqual(asTenant({ default: 'gen_random_uuid()' }))
  expect(plainly({ default: 'pg_catalog.now()' })).not.toEqual(asTenant({ default: 'now()' }))
})

test('comments and labels are data, in which public. stays', () => {
  const data = { comment: 'as public.books', type: 'citext' }
  const types = { types: [{ kind: 'enum', name: 'place', labels: ['public.books'] }] }
  expect(plainly(data, types)).toEqual(asTenant({ ...data, type: 'public.citext' }, types))
  expect(plainly({ definition: 'public.books' })).not.toEqual(asTenant({ definition: 'public.books' }))
})

test('the schema of a tenant, which PostgreSQL prints where a name of WITH hides its table, makes no difference', () => {
  const plain = plainly({ definition: 'WITH books AS (SELECT 1) SELECT FROM public.books' })
  expect(plain).toEqual(asTenant({ definition: 'WITH books AS (SELECT 1) SELECT FROM try_one.books' }))
})
