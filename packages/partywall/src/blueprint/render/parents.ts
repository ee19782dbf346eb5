/** The tables that a table inherits from, as far as they are in the schema. */
import type { Column, Relation } from '../blueprint.ts'
import { ownName } from './sql-names.ts'

export function parentsOf(relation: Relation, relations: ReadonlyMap<string, Relation>): Relation[] {
  return relation.parents.flatMap((parent) => relations.get(ownName(parent) ?? '') ?? [])
}

/** Whether a parent has the column, and has it NOT NULL. A partition is made alone, so it has what it needs for itself. */
export function isNotNullAbove(
  { name, inherited }: Column,
  relation: Relation,
  relations: ReadonlyMap<string, Relation>,
): boolean {
  if (inherited === 0 || relation.partitionBound !== null) return false
  return parentsOf(relation, relations).some(({ columns }) => columns.some((column) => column.name === name && column.notNull))
}
