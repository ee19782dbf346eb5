/** The units of each kind of object. */
import type { Blueprint, Privileges, Relation } from '../blueprint.ts'
import { commentUnits } from './comments.ts'
import { constraintUnits } from './constraints.ts'
import { hangingUnits } from './hanging.ts'
import { indexUnits } from './indexes.ts'
import { ownerUnits, privilegeUnits } from './privileges.ts'
import type { Rendering, Unit } from './rendered-schema.ts'
import { routineUnits } from './routines.ts'
import { sequenceUnits } from './sequences.ts'
import { statisticsUnits } from './statistics.ts'
import { tableUnits } from './tables.ts'
import { textSearchUnits } from './text-search.ts'
import { collationUnits, typeUnits } from './types.ts'
import { viewUnits } from './views.ts'

/** Of what the blueprint holds; `rendering` knows the tables of the whole schema. */
export function unitsOf(blueprint: Blueprint, rendering: Rendering): Unit[] {
  return [
    ...collationUnits(blueprint),
    ...textSearchUnits(blueprint),
    ...typeUnits(blueprint, rendering),
    ...sequenceUnits(blueprint),
    ...routineUnits(blueprint, rendering),
    ...tableUnits(blueprint, rendering),
    ...viewUnits(blueprint, rendering),
    ...constraintUnits(blueprint, rendering),
    ...indexUnits(blueprint),
    ...statisticsUnits(blueprint),
    ...hangingUnits(blueprint),
    ...ownerUnits(blueprint, rendering),
    ...privilegeUnits(blueprint, rendering),
    ...commentUnits(blueprint),
  ]
}

export function relationsByName({ relations }: Blueprint): ReadonlyMap<string, Relation> {
  return new Map(relations.map((relation) => [relation.name, relation]))
}

/** What the role that runs the statements gives to each new object of a kind. */
export function rightsOfNew({ creation }: Blueprint): ReadonlyMap<string, Privileges> {
  return new Map(creation.defaultPrivileges.map(({ name, privileges }) => [name, privileges]))
}
