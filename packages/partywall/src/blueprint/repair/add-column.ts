import { identifier } from '../../names/identifier.ts'
import type { Column, Relation } from '../blueprint.ts'
import { additive, type Hazard, type Statement } from './repair.ts'
import { alter, commentOn } from './sql-parts.ts'

/** It gets the last place in the table: PostgreSQL has no other. */
export function addColumn(relation: Relation, column: Column): readonly Statement[] {
  if (!relation.kind.endsWith('table') || column.inherited > 0) return []
  // A default that is no constant may be another value in each row.
  const rewrites = column.identity !== null || column.generated === 'stored' || /\(/.test(column.default ?? '')
  const hazards: Hazard[] = ['locks the table', ...(rewrites ? (['rewrites the table'] as const) : [])]
  const add = additive('column', `${alter(relation)} add column ${columnDefinition(relation, column)}`, ...hazards)
  return [add, ...columnSettings(relation, column)]
}

/** As it stands in CREATE TABLE and in ADD COLUMN. */
export function columnDefinition(relation: Relation, column: Column): string {
  const notNull = relation.constraints.find(({ definition }) =>
    [`NOT NULL ${column.name}`, `NOT NULL ${identifier(column.name)}`].includes(definition),
  )
  return [
    `${identifier(column.name)} ${column.type}`,
    ...(column.collation === null ? [] : [`collate ${column.collation}`]),
    ...(column.identity === null ? [] : [`generated ${column.identity} as identity`]),
    ...(column.generated === null ? [] : [`generated always as (${column.default}) ${column.generated}`]),
    ...(column.generated === null && column.default !== null ? [`default ${column.default}`] : []),
    ...(column.notNull ? [notNull === undefined ? 'not null' : `constraint ${identifier(notNull.name)} not null`] : []),
  ].join(' ')
}

/** What no definition of a column can say. */
export function columnSettings(relation: Relation, column: Column): readonly Statement[] {
  const of = `${alter(relation)} alter column ${identifier(column.name)}`
  return [
    ...(column.compression === null ? [] : [additive('alter', `${of} set compression ${column.compression}`)]),
    ...(column.statistics === null ? [] : [additive('alter', `${of} set statistics ${column.statistics}`)]),
    ...(column.comment === null ? [] : [additive('last', commentOn({ is: 'column', relation, column }, column.comment))]),
  ]
}
