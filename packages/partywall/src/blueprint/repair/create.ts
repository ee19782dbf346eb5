/** Steps that create what is missing as a whole, as the renderer writes it, with what belongs to it. */
import type { Blueprint, Relation } from '../blueprint.ts'
import type { Unit } from '../render/rendered-schema.ts'
import { keyOf, ownName, partsOfName } from '../render/sql-names.ts'
import { unitsOf } from '../render/units-of.ts'
import type { Creating } from './creating.ts'
import type { Found } from './objects.ts'
import { additive, type Hazard, type Statement } from './repair.ts'
import type { Step } from './step.ts'

export type Whole = Extract<Found, { is: 'relation' | 'sequence' | 'type' | 'routine' | 'statistics' | 'collation' }>

export function isWhole(found: Found): found is Whole {
  return ['relation', 'sequence', 'type', 'routine', 'statistics', 'collation'].includes(found.is)
}

export function createWhole(found: Whole, { expected, rendering, isMissing }: Creating): readonly Step[] {
  // That of an identity column comes with its column.
  if (found.is === 'sequence' && found.sequence.isIdentity) return []
  const units = unitsOf(onlyWith(expected, found), rendering)
  const steps = units.map((unit): Step => ({ ...unit, statements: unit.statements.map((text) => statementOf(unit, text)) }))
  if (found.is !== 'relation' || found.relation.partitionBound === null) return steps
  const parent = ownName(found.relation.parents[0]!) ?? ''
  return isMissing('partitioned table', parent) ? steps : attachedLast(steps, keyOf('attached', found.relation.name))
}

/**
 * The partitioned table is there, with its indexes: PostgreSQL would make those of a partition that has none, under names of its own. Triggers come with
 * the attachment.
 */
function attachedLast(steps: readonly Step[], attached: string): readonly Step[] {
  const own = steps.filter((step) => !isAttachment(step)).flatMap(({ keys }) => keys)
  return steps.map((step) => {
    const needs = step.needs ?? []
    if (step.tier === 'attachment') return { ...step, tier: 'state', keys: [attached], needs: [...needs, ...own] }
    if (step.tier === 'index attachment') return { ...step, tier: 'state', needs: [...needs, attached] }
    return step.tier === 'state' ? { ...step, needs: [...needs, attached] } : step
  })
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
