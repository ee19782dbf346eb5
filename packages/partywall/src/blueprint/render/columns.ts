import { identifier } from '../../names/identifier.ts'
import type { Column, Sequence } from '../blueprint.ts'
import { sequenceOptions } from './sequences.ts'
import { foreignOptions, storageParameters } from './storage-parameters.ts'

interface ColumnParts {
  /** The type of the table has the column already; only what it lacks is written. */
  readonly ofType: boolean
  readonly withDefault: boolean
  readonly withNotNull: boolean
  /** That of an identity column, which is made with it. */
  readonly sequence: Sequence | undefined
}

/** A column in CREATE TABLE; undefined when there is nothing to write. */
export function columnSql(column: Column, { ofType, withDefault, withNotNull, sequence }: ColumnParts): string | undefined {
  const clauses = [
    ...(withDefault ? [defaultOf(column)] : []),
    ...(sequence === undefined ? [] : [identityOf(column, sequence)]),
    ...(withNotNull ? ['not null'] : []),
  ]
  const name = identifier(column.name)
  if (ofType) return clauses.length === 0 ? undefined : `${name} with options ${clauses.join(' ')}`
  return [
    `${name} ${column.type}`,
    ...(column.compression === null ? [] : [`compression ${column.compression}`]),
    ...(column.foreignOptions.length === 0 ? [] : [`options (${foreignOptions(column.foreignOptions)})`]),
    ...(column.collation === null ? [] : [`collate ${column.collation}`]),
    ...clauses,
  ].join(' ')
}

function defaultOf({ default: expression, generated }: Column): string {
  // Without the brackets CREATE TABLE refuses `1 = any (…)`, which ALTER TABLE takes.
  return generated === null ? `default (${expression!})` : `generated always as (${expression!}) ${generated}`
}

function identityOf({ identity }: Column, sequence: Sequence): string {
  return `generated ${identity!} as identity (sequence name ${identifier(sequence.name)} ${sequenceOptions(sequence)})`
}

/** What CREATE TABLE cannot say. @param holder such as `table only "orders"` */
export function columnSettings(holder: string, column: Column): string[] {
  const alter = `alter ${holder} alter column ${identifier(column.name)}`
  return [
    ...(column.storage === null ? [] : [`${alter} set storage ${column.storage}`]),
    ...(column.statistics === null ? [] : [`${alter} set statistics ${column.statistics}`]),
    ...(column.options.length === 0 ? [] : [`${alter} set (${storageParameters(column.options)})`]),
  ]
}
