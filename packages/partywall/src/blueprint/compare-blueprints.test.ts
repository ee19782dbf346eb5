import { expect, test } from 'vitest'
import type { Blueprint, Column, EnumType, Relation } from './blueprint.ts'
import { compareBlueprints } from './compare-blueprints.ts'

const none: Blueprint = {
  owner: 'app',
  privileges: [],
  defaultPrivileges: [],
  relations: [],
  sequences: [],
  types: [],
  routines: [],
  statistics: [],
  collations: [],
  historyColumns: null,
  dictionaries: [],
  configurations: [],
  extensions: [],
  unmodeled: [],
  creation: { serverMajor: 18, needs: [], orders: [], outside: [], defaultPrivileges: [] },
}

test('compareBlueprints finds nothing between equal structures', () => {
  const blueprint = { ...none, relations: [table('orders', ['id', 'total'])], types: [mood('sad', 'ok')] }
  expect(compareBlueprints(blueprint, structuredClone(blueprint))).toEqual([])
})

test('a missing and an extra object are one difference each, with the object', () => {
  const [orders, plans] = [table('orders', ['id']), table('plans', ['id', 'price'])]
  expect(compareBlueprints({ ...none, relations: [orders] }, { ...none, relations: [plans] })).toEqual([
    {
      kind: 'table',
      name: 'orders',
      change: 'missing',
      property: null,
      expected: orders,
      actual: null,
      sentence: 'The table orders is missing.',
    },
    {
      kind: 'table',
      name: 'plans',
      change: 'extra',
      property: null,
      expected: null,
      actual: plans,
      sentence: 'The table plans is not expected.',
    },
  ])
})

test('a new column in the middle is one difference, and so is another order of columns', () => {
  expect(sentences(table('t', ['a', 'b']), table('t', ['a', 'x', 'b']))).toEqual(['The column t.x is not expected.'])
  expect(sentences(table('t', ['a', 'b', 'c']), table('t', ['a', 'c', 'b']))).toEqual([
    'The table t: of columns, the order should be "a", "b", "c".',
  ])
})

test('labels of an enum in another order are a difference', () => {
  const [before, after] = [mood('sad', 'ok'), mood('ok', 'sad')].map((type) => ({ ...none, types: [type] }))
  expect(compareBlueprints(before!, after!).map(({ sentence }) => sentence)).toEqual([
    'The enum mood: of labels, the order should be "sad", "ok".',
  ])
})

test('a long text is shown from the first line that differs, and a long line is cut', () => {
  expect(sentences(view('select a\nfrom t\nwhere b'), view('select a\nfrom t\nwhere c'))).toEqual([
    'The view v: definition differs from line 3: it is "where c" and should be "where b".',
  ])
  expect(sentences(view('select a\nfrom t'), view('select a'))).toEqual([
    'The view v: definition differs from line 2: it is absent and should be "from t".',
  ])
  expect(sentences(view('a'), view('b'.repeat(5000)))[0]!.length).toBeLessThan(300)
})

test('objects of unmodeled kinds are compared by kind and name', () => {
  const both = {
    ...none,
    unmodeled: [
      { kind: 'operator', name: 'x' },
      { kind: 'conversion', name: 'x' },
    ],
  }
  const one = { ...none, unmodeled: [{ kind: 'operator', name: 'x' }] }
  expect(compareBlueprints(both, both)).toEqual([])
  expect(compareBlueprints(both, one).map(({ sentence }) => sentence)).toEqual(['The conversion x is missing.'])
})

test('a property that one side does not have is a difference: absence is not equality', () => {
  const { comment: _, ...older } = table('t', [])
  expect(
    compareBlueprints({ ...none, relations: [{ ...table('t', []), comment: 'x' }] }, { ...none, relations: [older as Relation] }),
  ).toMatchObject([{ kind: 'table', name: 't', property: 'comment', expected: 'x', actual: null }])
})

function view(definition: string): Relation {
  return { ...table('v', []), kind: 'view', definition }
}

function sentences(expected: Relation, actual: Relation): string[] {
  return compareBlueprints({ ...none, relations: [expected] }, { ...none, relations: [actual] }).map(({ sentence }) => sentence)
}

function table(name: string, columns: readonly string[]): Relation {
  return {
    name,
    kind: 'table',
    persistence: 'permanent',
    definition: null,
    populated: true,
    partitionKey: null,
    partitionBound: null,
    parents: [],
    ofType: null,
    options: [],
    toastOptions: [],
    replicaIdentity: 'default',
    rowSecurity: false,
    forceRowSecurity: false,
    accessMethod: null,
    tablespace: null,
    server: null,
    foreignOptions: [],
    dependsOn: [],
    owner: 'app',
    privileges: [],
    comment: null,
    columns: columns.map(column),
    constraints: [],
    indexes: [],
    triggers: [],
    rules: [],
    policies: [],
  }
}

function column(name: string): Column {
  return {
    name,
    type: 'text',
    notNull: false,
    default: null,
    identity: null,
    generated: null,
    collation: null,
    storage: 'extended',
    compression: null,
    statistics: null,
    options: [],
    foreignOptions: [],
    local: true,
    inherited: 0,
    privileges: [],
    comment: null,
  }
}

function mood(...labels: readonly string[]): EnumType {
  return { name: 'mood', kind: 'enum', labels, owner: 'app', privileges: [], comment: null }
}

test('the columns of the history are compared where both have one', () => {
  const whole = { ...none, historyColumns: ['name text not null', 'checksum text not null'] }
  expect(compareBlueprints(none, whole)).toEqual([])
  expect(compareBlueprints(whole, { ...none, historyColumns: ['name text not null'] })).toMatchObject([
    { sentence: 'The schema: of history columns, "checksum text not null" is missing.' },
  ])
})
