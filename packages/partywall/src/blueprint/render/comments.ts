import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Blueprint } from '../blueprint.ts'
import { namedObjects } from './named-objects.ts'
import type { Unit } from './rendered-schema.ts'

interface Commented {
  readonly name: string
  readonly comment: string | null
}

export function commentUnits(blueprint: Blueprint): Unit[] {
  const statements = [
    ...namedObjects(blueprint).flatMap(({ kind, name, comment }) => on(`${kind} ${name}`, comment)),
    ...blueprint.types.flatMap((type) => {
      const name = identifier(type.name)
      if (type.kind === 'composite type')
        return type.attributes.flatMap((one) => on(`column ${name}.${identifier(one.name)}`, one.comment))
      return type.kind === 'domain' ? parts('constraint', type.constraints, `domain ${name}`) : []
    }),
    ...blueprint.relations.flatMap((relation) => {
      const table = identifier(relation.name)
      return [
        ...relation.columns.flatMap((column) => on(`column ${table}.${identifier(column.name)}`, column.comment)),
        ...relation.indexes.flatMap((index) => on(`index ${identifier(index.name)}`, index.comment)),
        ...parts('constraint', relation.constraints, table),
        ...parts('trigger', relation.triggers, table),
        ...parts('rule', relation.rules, table),
        ...parts('policy', relation.policies, table),
      ]
    }),
  ]
  return statements.length === 0 ? [] : [{ keys: [], statements, tier: 'comment' }]
}

function parts(kind: string, objects: readonly Commented[], holder: string): string[] {
  return objects.flatMap(({ name, comment }) => on(`${kind} ${identifier(name)} on ${holder}`, comment))
}

function on(object: string, comment: string | null): string[] {
  return comment === null ? [] : [`comment on ${object} is ${literal(comment)}`]
}
