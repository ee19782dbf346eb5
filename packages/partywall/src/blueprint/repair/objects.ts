/** The objects of a blueprint by the names that differences have. */
import type { Blueprint, Collation, Column, Constraint, DomainType, Relation, Routine, Sequence, Type } from '../blueprint.ts'
import { keyOf as needKey } from '../render/sql-names.ts'

type Statistics = Blueprint['statistics'][number]

/** An object, with what it belongs to. */
export type Found =
  | { readonly is: 'relation'; readonly relation: Relation }
  | { readonly is: 'column'; readonly relation: Relation; readonly column: Column }
  /** The default of a column. No difference has it as an object. */
  | { readonly is: 'default'; readonly relation: Relation; readonly column: Column }
  | { readonly is: 'constraint'; readonly relation: Relation; readonly constraint: Constraint }
  | { readonly is: 'index'; readonly relation: Relation; readonly index: Relation['indexes'][number] }
  | { readonly is: 'trigger'; readonly relation: Relation; readonly trigger: Relation['triggers'][number] }
  | { readonly is: 'rule'; readonly relation: Relation; readonly rule: Relation['rules'][number] }
  | { readonly is: 'policy'; readonly relation: Relation; readonly policy: Relation['policies'][number] }
  | { readonly is: 'type'; readonly type: Type }
  | {
      readonly is: 'attribute'
      readonly type: Type
      readonly name: string
      readonly of: string
      readonly collation: string | null
      readonly comment: string | null
    }
  | { readonly is: 'domain constraint'; readonly type: DomainType; readonly constraint: Constraint }
  | { readonly is: 'sequence'; readonly sequence: Sequence }
  | { readonly is: 'routine'; readonly routine: Routine }
  | { readonly is: 'statistics'; readonly statistics: Statistics }
  | { readonly is: 'collation'; readonly collation: Collation }
  | { readonly is: 'text search dictionary'; readonly dictionary: Blueprint['dictionaries'][number] }
  | { readonly is: 'text search configuration'; readonly configuration: Blueprint['configurations'][number] }
  | { readonly is: 'default privileges'; readonly name: string; readonly privileges: readonly string[] }
  /** It is known by name alone. */
  | { readonly is: 'unmodeled'; readonly kind: string; readonly name: string }

/** Something that hangs on a table or a view. */
type Hanging = Extract<Found, { is: 'constraint' | 'index' | 'trigger' | 'rule' | 'policy' }>

/** Undefined for a name that two objects have: the column `c` of the table `a.b`, and the column `b.c` of the table `a`. */
export type Objects = ReadonlyMap<string, Found | undefined>

/** The keys are as `keyOf` makes them. */
export function objectsOf(blueprint: Blueprint): Objects {
  const objects = new Map<string, Found | undefined>()
  const add = (kind: string, name: string, found: Found): void => {
    const key = keyOf({ kind, name })
    objects.set(key, objects.has(key) ? undefined : found)
  }
  for (const relation of blueprint.relations) {
    const of = ({ name }: { readonly name: string }): string => `${relation.name}.${name}`
    add(relation.kind, relation.name, { is: 'relation', relation })
    for (const column of relation.columns) {
      add('column', of(column), { is: 'column', relation, column })
      if (column.default !== null) add('default', of(column), { is: 'default', relation, column })
    }
    for (const hanging of hangingOn(relation)) add(hanging.is, of(named(hanging)), hanging)
  }
  for (const type of blueprint.types) {
    add(type.kind, type.name, { is: 'type', type })
    if (type.kind === 'composite type') {
      for (const { type: of, ...attribute } of type.attributes)
        add('attribute', `${type.name}.${attribute.name}`, { is: 'attribute', type, of, ...attribute })
    }
    if (type.kind === 'domain') {
      for (const constraint of type.constraints) {
        add('constraint', `${type.name}.${constraint.name}`, { is: 'domain constraint', type, constraint })
      }
    }
  }
  for (const sequence of blueprint.sequences) add('sequence', sequence.name, { is: 'sequence', sequence })
  for (const routine of blueprint.routines) add(routine.kind, routine.name, { is: 'routine', routine })
  for (const statistics of blueprint.statistics) add('statistics', statistics.name, { is: 'statistics', statistics })
  for (const collation of blueprint.collations) add('collation', collation.name, { is: 'collation', collation })
  for (const one of blueprint.defaultPrivileges) add('default privileges', one.name, { is: 'default privileges', ...one })
  for (const one of blueprint.unmodeled) add(one.kind, one.name, { is: 'unmodeled', ...one })
  for (const dictionary of blueprint.dictionaries)
    add('text search dictionary', dictionary.name, { is: 'text search dictionary', dictionary })
  for (const configuration of blueprint.configurations)
    add('text search configuration', configuration.name, { is: 'text search configuration', configuration })
  return objects
}

/** As a difference names an object. */
export function keyOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind} ${name}`
}

function hangingOn(relation: Relation): readonly Hanging[] {
  return [
    ...relation.constraints.map((constraint): Hanging => ({ is: 'constraint', relation, constraint })),
    ...relation.indexes.map((index): Hanging => ({ is: 'index', relation, index })),
    ...relation.triggers.map((trigger): Hanging => ({ is: 'trigger', relation, trigger })),
    ...relation.rules.map((rule): Hanging => ({ is: 'rule', relation, rule })),
    ...relation.policies.map((policy): Hanging => ({ is: 'policy', relation, policy })),
  ]
}

function named(hanging: Hanging): { readonly name: string; readonly comment: string | null } {
  switch (hanging.is) {
    case 'constraint':
      return hanging.constraint
    case 'index':
      return hanging.index
    case 'trigger':
      return hanging.trigger
    case 'rule':
      return hanging.rule
    case 'policy':
      return hanging.policy
  }
}

/** The keys of an object in `Creation.needs`. What belongs to a table comes and goes with it. */
export function needKeysOf(found: Found): readonly string[] {
  switch (found.is) {
    case 'relation': {
      const { name, columns } = found.relation
      return [
        needKey('relation', name),
        needKey('query', name),
        ...columns.map((column) => needKey('default', name, column.name)),
        ...hangingOn(found.relation).flatMap(needKeysOf),
      ]
    }
    case 'default':
      return [needKey('default', found.relation.name, found.column.name)]
    case 'constraint':
      return [
        needKey('constraint', found.relation.name, found.constraint.name),
        ...(found.relation.indexes.some(({ name }) => name === found.constraint.name)
          ? [needKey('index', found.constraint.name)]
          : []),
      ]
    case 'index':
      return [needKey('index', found.index.name)]
    case 'type':
      return [
        needKey('type', found.type.name),
        ...(found.type.kind === 'domain' ? found.type.constraints : []).map(({ name }) =>
          needKey('constraint', found.type.name, name),
        ),
      ]
    case 'domain constraint':
      return [needKey('constraint', found.type.name, found.constraint.name)]
    case 'routine':
      return [needKey('routine', found.routine.name)]
    case 'sequence':
      return [needKey('relation', found.sequence.name)]
    case 'collation':
      return [needKey('collation', found.collation.name)]
    default:
      return []
  }
}
