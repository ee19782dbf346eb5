/** Steps that create what is missing as a whole, as the renderer writes it, with what belongs to it. */
import type { Blueprint, Relation } from '../blueprint.ts'
import type { Unit } from '../render/rendered-schema.ts'
import { keyOf, ownName, partsOfName } from '../render/sql-names.ts'
import { unitsOf } from '../render/units-of.ts'
import type { Creating } from './creating.ts'
import type { Found } from './objects.ts'
import { additive, type Hazard, type Statement } from './repair.ts'
import type { Step } from './step.ts'

export type Whole = Extract<Found, { is: (typeof kinds)[number] }>

const kinds = [
  'relation',
  'sequence',
  'type',
  'routine',
  'statistics',
  'collation',
  'text search dictionary',
  'text search configuration',
] as const

export function isWhole(found: Found): found is Whole {
  return kinds.some((kind) => kind === found.is)
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
    if (isIndexAttachment(step)) return { ...step, tier: 'state', needs: [...needs, attached] }
    return step.tier === 'state' ? { ...step, needs: [...needs, attached] } : step
  })
}

function isAttachment(step: Step): boolean {
  return step.tier === 'attachment' || isIndexAttachment(step)
}

/** Of the same tier are names that are taken for foreign keys. */
function isIndexAttachment({ tier, statements }: Step): boolean {
  return tier === 'index attachment' && statements.every(({ statement }) => statement.startsWith('alter index '))
}

function onlyWith(expected: Blueprint, found: Whole): Blueprint {
  const nothing = {
    relations: [],
    sequences: [],
    types: [],
    routines: [],
    statistics: [],
    collations: [],
    dictionaries: [],
    configurations: [],
  }
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
    case 'text search dictionary':
      return { ...none, dictionaries: [found.dictionary] }
    case 'text search configuration':
      return { ...none, configurations: [found.configuration] }
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
