/** The objects of a blueprint by the names that differences have. */
import type { Blueprint, Column, Constraint, DomainType, Relation, Type } from '../blueprint.ts'

type Routine = Blueprint['routines'][number]
type Sequence = Blueprint['sequences'][number]
type Statistics = Blueprint['statistics'][number]

/** An object, with what it belongs to. */
export type Found =
  | { readonly is: 'relation'; readonly relation: Relation }
  | { readonly is: 'column'; readonly relation: Relation; readonly column: Column }
  | { readonly is: 'constraint'; readonly relation: Relation; readonly constraint: Constraint }
  | { readonly is: 'index'; readonly relation: Relation; readonly index: Relation['indexes'][number] }
  | { readonly is: 'trigger'; readonly relation: Relation; readonly trigger: Relation['triggers'][number] }
  | { readonly is: 'rule'; readonly relation: Relation; readonly rule: Relation['rules'][number] }
  | { readonly is: 'policy'; readonly relation: Relation; readonly policy: Relation['policies'][number] }
  | { readonly is: 'type'; readonly type: Type }
  | { readonly is: 'attribute'; readonly type: Type; readonly name: string; readonly of: string }
  | { readonly is: 'domain constraint'; readonly type: DomainType; readonly constraint: Constraint }
  | { readonly is: 'sequence'; readonly sequence: Sequence }
  | { readonly is: 'routine'; readonly routine: Routine }
  | { readonly is: 'statistics'; readonly statistics: Statistics }
  | { readonly is: 'collation' | 'text search dictionary' | 'text search configuration'; readonly name: string }

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
    for (const column of relation.columns) add('column', of(column), { is: 'column', relation, column })
    for (const constraint of relation.constraints) add('constraint', of(constraint), { is: 'constraint', relation, constraint })
    for (const index of relation.indexes) add('index', of(index), { is: 'index', relation, index })
    for (const trigger of relation.triggers) add('trigger', of(trigger), { is: 'trigger', relation, trigger })
    for (const rule of relation.rules) add('rule', of(rule), { is: 'rule', relation, rule })
    for (const policy of relation.policies) add('policy', of(policy), { is: 'policy', relation, policy })
  }
  for (const type of blueprint.types) {
    add(type.kind, type.name, { is: 'type', type })
    if (type.kind === 'composite type') {
      for (const { name, type: of } of type.attributes)
        add('attribute', `${type.name}.${name}`, { is: 'attribute', type, name, of })
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
  for (const { name } of blueprint.collations) add('collation', name, { is: 'collation', name })
  for (const { name } of blueprint.dictionaries) add('text search dictionary', name, { is: 'text search dictionary', name })
  for (const { name } of blueprint.configurations)
    add('text search configuration', name, { is: 'text search configuration', name })
  return objects
}

export function keyOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind} ${name}`
}
