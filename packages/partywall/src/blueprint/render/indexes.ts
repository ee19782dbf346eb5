import { identifier } from '../../names/identifier.ts'
import type { Blueprint, Index, Relation } from '../blueprint.ts'
import { isKey } from './constraints.ts'
import type { Unit } from './rendered-schema.ts'
import { keyOf, ownName } from './sql-names.ts'

/** The indexes of constraints are made with these; what both kinds have is here. */
export function indexUnits({ relations }: Blueprint): Unit[] {
  return relations.flatMap((relation) => relation.indexes.flatMap((index) => unitsOf(relation, index)))
}

function unitsOf(relation: Relation, index: Index): Unit[] {
  const key = keyOf('index', index.name)
  const name = identifier(index.name)
  const isOfConstraint = relation.constraints.some((constraint) => constraint.name === index.name && isKey(constraint))
  const space =
    index.tablespace === null || isOfConstraint ? [] : [`alter index ${name} set tablespace ${identifier(index.tablespace)}`]
  const settings = index.statistics.map((setting) => {
    const [column, target] = setting.split(': ')
    return `alter index ${name} alter column ${column!} set statistics ${target!}`
  })
  const extensions = index.dependsOn.map((extension) => `alter index ${name} depends on extension ${identifier(extension)}`)
  const own = [...(isOfConstraint ? [] : [index.definition]), ...space, ...settings, ...extensions]
  const units: Unit[] = own.length === 0 ? [] : [{ keys: isOfConstraint ? [] : [key], statements: own, tier: 'index' }]
  if (isOfConstraint && units[0] !== undefined) units[0] = { ...units[0], needs: [key] }
  if (index.parent !== null) {
    const statements = [`alter index ${index.parent} attach partition ${name}`]
    units.push({ keys: [], statements, tier: 'index attachment', needs: [key, keyOf('index', ownName(index.parent) ?? '')] })
  }
  return units
}
