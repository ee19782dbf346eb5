/**
 * PostgreSQL makes one more of a foreign key for each partition of the table that it refers to, and gives it the next free name, such as
 * `orders_id_fkey1`. A foreign key that has such a name in the original could not get it any more. So checks take the names first, and each is
 * dropped by the statement that adds the foreign key.
 */
import { identifier } from '../../names/identifier.ts'
import type { Blueprint, Constraint, Relation } from '../blueprint.ts'
import type { Unit } from './rendered-schema.ts'
import { keyOf } from './sql-names.ts'

/** @param all every table of the schema */
export function takenNameUnits({ relations }: Blueprint, all: ReadonlyMap<string, Relation>): Unit[] {
  return relations.flatMap((relation) => {
    const names = namesToTake(relation, all.values())
    if (names.length === 0) return []
    const taken = names.map((name) => `add constraint ${identifier(name)} check (true) not valid`)
    return [
      {
        keys: [],
        statements: [`alter table ${identifier(relation.name)} ${taken.join(', ')}`],
        tier: 'index attachment',
        needs: [keyOf('relation', relation.name)],
      },
    ]
  })
}

/** Foreign keys with names that differ in a number alone, if one of them refers to a table with partitions. */
export function namesToTake({ constraints }: Relation, relations: Iterable<Relation>): string[] {
  const keys = constraints.filter(({ local, definition }) => local && definition.startsWith('FOREIGN KEY'))
  const groups = [...Map.groupBy(keys, ({ name }) => name.replace(/_?\d+$/, '')).values()].filter(({ length }) => length > 1)
  if (groups.length === 0) return []
  const whole = [...relations].filter(({ kind }) => kind === 'partitioned table')
  const printed = whole.flatMap(({ name }) => [name, identifier(name)]).map((name) => `REFERENCES ${name}(`)
  const mayGetMore = ({ definition }: Constraint): boolean =>
    printed.some((text) => definition.includes(text)) || /REFERENCES [^(]*\./.test(definition)
  return groups.filter((group) => group.some(mayGetMore)).flatMap((group) => group.map(({ name }) => name))
}
