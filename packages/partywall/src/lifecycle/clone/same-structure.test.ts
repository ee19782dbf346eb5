import { expect, test } from 'vitest'
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { differencesOf } from './same-structure.ts'

const view = (definition: string): Blueprint =>
  ({ relations: [{ kind: 'view', name: 'v', definition }], creation: {} }) as unknown as Blueprint

test('a text that names the source is the same as one that names the clone, and as no other', () => {
  const source = view('select from acme.log, "acme".t')
  expect(differencesOf(source, view('select from a.log, "a".t'), 'acme', 'a')).toEqual([])
  expect(differencesOf(source, view('select from "globex".log, globex.t'), 'acme', 'globex')).toEqual([])
  expect(differencesOf(source, view('select from globex.log, globex.u'), 'acme', 'globex')).toHaveLength(1)
  expect(differencesOf(source, view('select from initech.log, initech.t'), 'acme', 'globex')).toHaveLength(1)
})
