import { identifier } from '../../names/identifier.ts'
import type { Blueprint, Sequence } from '../blueprint.ts'
import type { Unit } from './rendered-schema.ts'
import { keyOf, partsOfName } from './sql-names.ts'

/** Those of identity columns are made with their tables. */
export function sequenceUnits({ sequences }: Blueprint): Unit[] {
  return sequences.filter((sequence) => !sequence.isIdentity && !isOfHistory(sequence)).flatMap(unitsOf)
}

function unitsOf(sequence: Sequence): Unit[] {
  const name = identifier(sequence.name)
  const made: Unit = {
    keys: [keyOf('relation', sequence.name)],
    statements: [
      `create ${sequence.persistence === 'unlogged' ? 'unlogged ' : ''}sequence ${name} as ${sequence.type} ${sequenceOptions(sequence)}`,
    ],
    tier: 'sequence',
  }
  if (sequence.ownedBy === null) return [made]
  const owner = partsOfName(sequence.ownedBy)
  const needs = [keyOf('relation', sequence.name), keyOf('relation', owner[0]!)]
  const statements = [`alter sequence ${name} owned by ${owner.map(identifier).join('.')}`]
  return [made, { keys: [], statements, tier: 'owned by', needs }]
}

export function sequenceOptions({ start, increment, minimum, maximum, cache, cycle }: Sequence): string {
  const numbers = `start with ${start} increment by ${increment} minvalue ${minimum} maxvalue ${maximum} cache ${cache}`
  return cycle ? `${numbers} cycle` : numbers
}

/** The history of the migrations is made by those who migrate. */
export function isOfHistory({ ownedBy }: Sequence): boolean {
  return ownedBy !== null && partsOfName(ownedBy)[0] === 'partywall_migrations'
}
