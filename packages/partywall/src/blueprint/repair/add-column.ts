import { identifier } from '../../names/identifier.ts'
import type { Blueprint, Column, Relation } from '../blueprint.ts'
import { columnSettings, columnSql } from '../render/columns.ts'
import { keyOf, partsOfName } from '../render/sql-names.ts'
import type { Creating } from './creating.ts'
import type { Found } from './objects.ts'
import { additive, type Hazard } from './repair.ts'
import { grantsOf } from './privileges.ts'
import { alter, commentOn } from './sql-parts.ts'
import { step, type Step } from './step.ts'

/** It gets the last place in the table: PostgreSQL has no other. That of a view comes with its query, that of a child from the parent. */
export function addColumn(
  found: Extract<Found, { is: 'column' }>,
  { expected, rendering: { serverMajor } }: Creating,
): readonly Step[] {
  const { relation, column } = found
  if (!relation.kind.endsWith('table') || column.inherited > 0) return []
  const name = relation.ofType === null ? definitionOf(expected, relation, column, serverMajor) : undefined
  if (name === undefined) return []
  // A default that is no constant may be another value in each row.
  const rewrites = column.identity !== null || column.generated === 'stored' || /\(/.test(column.default ?? '')
  const hazards: Hazard[] = ['locks the table', ...(rewrites ? (['rewrites the table'] as const) : [])]
  const keys = [keyOf('relation', relation.name), keyOf('default', relation.name, column.name)]
  const settings = columnSettings(tableWords(relation), column).map((text) => additive(text))
  const last = column.comment === null ? [] : [additive(commentOn(found, column.comment))]
  return [
    ...step('table', { keys }, additive(`${alter(relation)} add column ${name}`, ...hazards), ...settings),
    ...step('privileges', {}, ...grantsOf(found, column.privileges).map((statement) => ({ ...statement, isAdditive: true }))),
    ...step('comment', {}, ...last),
  ]
}

function definitionOf(expected: Blueprint, relation: Relation, column: Column, serverMajor: number): string | undefined {
  const notNull = relation.constraints.find(({ definition }) =>
    [`NOT NULL ${column.name}`, `NOT NULL ${identifier(column.name)}`].includes(definition),
  )
  const definition = columnSql(column, {
    ofType: false,
    withDefault: column.default !== null,
    withNotNull: column.notNull && notNull === undefined && serverMajor < 18 && column.identity === null,
    sequence: identityOf(expected, relation, column),
  })
  return notNull === undefined ? definition : `${definition!} constraint ${identifier(notNull.name)} not null`
}

/** The sequence of an identity column. */
export function identityOf(
  { sequences }: Blueprint,
  relation: Relation,
  column: Column,
): Blueprint['sequences'][number] | undefined {
  return sequences.find(({ isIdentity, ownedBy }) => {
    const [table, name] = partsOfName(ownedBy ?? '')
    return isIdentity && table === relation.name && name === column.name
  })
}

/** Those of its partitions and children are their own. */
function tableWords(relation: Relation): string {
  return alter(relation)
    .slice('alter '.length)
    .replace(/^table /, 'table only ')
}
