/** Statements that create a relation that is missing as a whole: empty, with what belongs to it. */
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Blueprint, Relation } from '../blueprint.ts'
import { columnDefinition, columnSettings } from './add-column.ts'
import type { Found } from './objects.ts'
import { additive, type Statement } from './repair.ts'
import { alter, commentOn, optionClauses } from './sql-parts.ts'

/** What hangs on a relation. */
export type Hanging = Extract<Found, { is: 'constraint' | 'index' | 'trigger' | 'rule' | 'policy' }>

/**
 * Undefined for a table that is part of others: a partition, or one that inherits.
 * @param create the statements for what belongs to it
 */
export function createRelation(
  relation: Relation,
  create: (hanging: Hanging) => readonly Statement[] | undefined,
): readonly Statement[] | undefined {
  const made = relation.kind === 'table' ? createTable(relation) : createView(relation)
  const parts = hangingOf(relation).map((hanging) => create(hanging))
  if (made === undefined || parts.includes(undefined)) return undefined
  const comments = relation.comment === null ? [] : [additive('last', commentOn({ is: 'relation', relation }, relation.comment))]
  const hanging = parts.flatMap((part) => part!)
  // Views come after what changes tables, so what hangs on one comes last.
  const placed = relation.kind === 'table' ? hanging : hanging.map((statement): Statement => ({ ...statement, tier: 'last' }))
  return [...made, ...placed, ...comments]
}

function createTable(relation: Relation): readonly Statement[] | undefined {
  const { ofType, parents, accessMethod, tablespace, columns, options, toastOptions } = relation
  if (parents.length > 0 || ofType !== null || accessMethod !== null || tablespace !== null) return undefined
  const unlogged = relation.persistence === 'unlogged' ? 'unlogged ' : ''
  const fields = columns.map((column) => columnDefinition(relation, column))
  const settings = [...optionClauses(options, []), ...optionClauses(toastOptions, [], 'toast.')]
  return [
    additive('table', `create ${unlogged}table ${identifier(relation.name)} (${fields.join(', ')})`),
    ...settings.map((clause) => additive('alter', `${alter(relation)} ${clause}`)),
    ...columns.flatMap((column) => columnSettings(relation, column)),
    ...(relation.rowSecurity ? [additive('alter', `${alter(relation)} enable row level security`)] : []),
    ...(relation.forceRowSecurity ? [additive('alter', `${alter(relation)} force row level security`)] : []),
    ...(['nothing', 'full'].includes(relation.replicaIdentity)
      ? [additive('alter', `${alter(relation)} replica identity ${relation.replicaIdentity}`)]
      : []),
  ]
}

function createView(relation: Relation): readonly Statement[] | undefined {
  const { kind, name, definition, options, populated } = relation
  if (definition === null || kind === 'foreign table' || kind === 'partitioned table') return undefined
  if (kind === 'view' && relation.columns.some((column) => column.default !== null)) return undefined
  const given = options.map((option) => {
    const at = option.indexOf('=')
    return `${identifier(option.slice(0, at))} = ${literal(option.slice(at + 1))}`
  })
  const query = definition.replace(/;$/, '')
  return [
    additive(
      'view',
      [
        `create ${kind} ${identifier(name)}`,
        ...(given.length === 0 ? [] : [`with (${given.join(', ')})`]),
        `as ${query}`,
        ...(kind === 'materialized view' && !populated ? ['with no data'] : []),
      ].join(' '),
      ...(kind === 'materialized view' && populated ? (['scans the table'] as const) : []),
    ),
  ]
}

function hangingOf(relation: Relation): readonly Hanging[] {
  return [
    ...relation.constraints.map((constraint): Hanging => ({ is: 'constraint', relation, constraint })),
    ...relation.indexes.map((index): Hanging => ({ is: 'index', relation, index })),
    ...relation.triggers.map((trigger): Hanging => ({ is: 'trigger', relation, trigger })),
    ...relation.rules.map((rule): Hanging => ({ is: 'rule', relation, rule })),
    ...relation.policies.map((policy): Hanging => ({ is: 'policy', relation, policy })),
  ]
}

/** That of an identity column comes with its column. It starts at its first number: the one that was lost is not known. */
export function createSequence(sequence: Blueprint['sequences'][number]): readonly Statement[] {
  if (sequence.isIdentity) return []
  const { name, type, start, increment, minimum, maximum, cache, cycle, ownedBy, persistence, comment } = sequence
  const unlogged = persistence === 'unlogged' ? 'unlogged ' : ''
  const numbers = `start with ${start} increment by ${increment} minvalue ${minimum} maxvalue ${maximum} cache ${cache}`
  return [
    additive('type', `create ${unlogged}sequence ${identifier(name)} as ${type} ${numbers}${cycle ? ' cycle' : ''}`),
    ...(ownedBy === null ? [] : [additive('alter', `alter sequence ${identifier(name)} owned by ${ownedBy}`)]),
    ...(comment === null ? [] : [additive('last', commentOn({ is: 'sequence', sequence }, comment))]),
  ]
}
