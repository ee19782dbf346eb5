/** Steps that create what is missing as a whole, as the renderer writes it, with what belongs to it. */
import type { Blueprint, Relation } from '../blueprint.ts'
import type { Rendering, Unit } from '../render/rendered-schema.ts'
import { partsOfName } from '../render/sql-names.ts'
import { unitsOf } from '../render/units-of.ts'
import type { Found } from './objects.ts'
import { additive, type Hazard, type Statement } from './repair.ts'
import type { Step } from './step.ts'

export type Whole = Extract<Found, { is: 'relation' | 'sequence' | 'type' | 'routine' | 'statistics' | 'collation' }>

export function isWhole(found: Found): found is Whole {
  return ['relation', 'sequence', 'type', 'routine', 'statistics', 'collation'].includes(found.is)
}

export function createWhole(expected: Blueprint, found: Whole, rendering: Rendering): readonly Step[] {
  // That of an identity column comes with its column.
  if (found.is === 'sequence' && found.sequence.isIdentity) return []
  const units = unitsOf(onlyWith(expected, found), rendering)
  const isPartition = found.is === 'relation' && found.relation.partitionBound !== null
  const steps = units.map((unit): Step => ({ ...unit, statements: unit.statements.map((text) => statementOf(unit, text)) }))
  return isPartition ? attachedLast(steps) : steps
}

/** The partitioned table is there, with its indexes: PostgreSQL would make those of a partition that has none, under names of its own. */
function attachedLast(steps: readonly Step[]): readonly Step[] {
  const own = steps.filter((step) => !isAttachment(step)).flatMap(({ keys }) => keys)
  return steps.map((step) => (isAttachment(step) ? { ...step, tier: 'state', needs: [...(step.needs ?? []), ...own] } : step))
}

function isAttachment({ tier }: Step): boolean {
  return tier === 'attachment' || tier === 'index attachment'
}

function onlyWith(expected: Blueprint, found: Whole): Blueprint {
  const nothing = { relations: [], sequences: [], types: [], routines: [], statistics: [], collations: [] }
  const none = { ...expected, privileges: [], defaultPrivileges: [], extensions: [], unmodeled: [], ...nothing }
  switch (found.is) {
    case 'relation':
      return { ...none, relations: [found.relation], sequences: identitiesOf(expected, found.relation) }
    case 'sequence':
      return { ...none, sequences: [found.sequence] }
    case 'type':
      return { ...none, types: [found.type] }
    case 'routine':
      return { ...none, routines: [found.routine] }
    case 'statistics':
      return { ...none, statistics: [found.statistics] }
    case 'collation':
      return { ...none, collations: [found.collation] }
  }
}

function identitiesOf({ sequences }: Blueprint, { name }: Relation): Blueprint['sequences'] {
  return sequences.filter(({ isIdentity, ownedBy }) => isIdentity && partsOfName(ownedBy ?? '')[0] === name)
}

/** The object is new and empty, so only others are held up. */
function statementOf({ tier }: Unit, text: string): Statement {
  return additive(text, ...hazardsOf(tier, text))
}

function hazardsOf(tier: Unit['tier'], text: string): readonly Hazard[] {
  if (tier === 'refresh') return ['scans the table']
  if (tier === 'constraint' && / FOREIGN KEY /.test(text)) return ['blocks writes']
  return tier === 'attachment' ? ['blocks writes'] : []
}
