import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Column, Relation } from '../blueprint.ts'
import { sequenceOptions } from '../render/sequences.ts'
import { keyOf } from '../render/sql-names.ts'
import { identityOf } from './add-column.ts'
import type { Change, Outcome } from './change.ts'
import type { Found } from './objects.ts'
import { isView } from './removals.ts'
import { additive, decided, type Statement } from './repair.ts'
import { alter, foreignOptionClause, optionClauses } from './sql-parts.ts'
import { step } from './step.ts'

export function changedColumn(found: Extract<Found, { is: 'column' }>, change: Change): Outcome {
  const { relation, column } = found
  const { property, expected, actual } = change
  const of = `${alter(relation)} alter column ${identifier(column.name)}`
  const tune = (statement: Statement) => step('column default', { needs: [keyOf('relation', relation.name)] }, statement)
  switch (property) {
    case 'storage':
      return tune(additive(storageSql(relation, column, change.creating.rendering.serverMajor), 'locks the table'))
    case 'compression':
      return tune(additive(`${of} set compression ${column.compression ?? 'default'}`, 'locks the table'))
    case 'statistics':
      return tune(additive(`${of} set statistics ${column.statistics ?? -1}`, 'blocks writes'))
    case 'options':
      return optionClauses(expected as string[], actual as string[]).flatMap((clause) =>
        tune(additive(`${of} ${clause}`, 'blocks writes')),
      )
    case 'foreignOptions':
      return tune(decided(`${of} ${foreignOptionClause(expected as string[], actual as string[])}`))
    case 'type':
    case 'collation':
      return isView(relation) ? 'view again' : changedType(relation, column, of)
    case 'default':
      return changedDefault(found, change, of)
    case 'generated':
      // Its expression is told as its default.
      return []
    case 'notNull':
      return isView(relation) ? 'view again' : changedNotNull(change, of)
    case 'identity':
      return changedIdentity(found, change, of)
    case 'local':
    case 'inherited':
      return isView(relation) ? 'view again' : undefined
    default:
      return undefined
  }
}

/** What an inherited column is follows its parent. The values are converted by the text that PostgreSQL prints for the type. */
function changedType(relation: Relation, column: Column, of: string): Outcome {
  if (column.inherited > 0) return []
  const collation = column.collation === null ? '' : ` collate ${column.collation}`
  // A foreign table holds no values to convert.
  const using = relation.kind === 'foreign table' ? '' : ` using ${identifier(column.name)}::${column.type}`
  return step(
    'table',
    { keys: [keyOf('relation', relation.name)] },
    decided(`${of} type ${column.type}${collation}${using}`, 'locks the table', 'rewrites the table'),
  )
}

function changedDefault(
  { relation, column }: Extract<Found, { is: 'column' }>,
  { is, creating: { rendering } }: Change,
  of: string,
): Outcome {
  const before = is.is === 'column' ? is.column.generated : null
  const place = { keys: [keyOf('default', relation.name, column.name)], needs: [keyOf('relation', relation.name)] }
  if (column.generated === null) {
    const words = column.default === null ? 'drop default' : `set default ${column.default}`
    // The values that were computed stay.
    if (before === 'stored') {
      const drop = decided(`${of} drop expression`, 'locks the table')
      return step(
        'column default',
        place,
        drop,
        ...(column.default === null ? [] : [decided(`${of} ${words}`, 'locks the table')]),
      )
    }
    return before === null ? step('column default', place, decided(`${of} ${words}`, 'locks the table')) : undefined
  }
  if (before !== column.generated || rendering.serverMajor < 17) return undefined
  const hazards =
    column.generated === 'stored' ? (['locks the table', 'rewrites the table'] as const) : (['locks the table'] as const)
  return step('column default', place, decided(`${of} set expression as (${column.default!})`, ...hazards))
}

/** Since PostgreSQL 18 it is a constraint with a name, which is told as such. */
function changedNotNull({ expected, creating }: Change, of: string): Outcome {
  if (creating.rendering.serverMajor >= 18) return []
  return expected === true
    ? step('constraint', {}, additive(`${of} set not null`, 'locks the table', 'scans the table'))
    : step('state', {}, decided(`${of} drop not null`, 'locks the table'))
}

function changedIdentity(
  { relation, column }: Extract<Found, { is: 'column' }>,
  { actual, creating: { expected, rendering } }: Change,
  of: string,
): Outcome {
  // A partition has the identity of its table since PostgreSQL 17.
  if (relation.partitionBound !== null && rendering.serverMajor >= 17) return []
  if (column.identity === null) return step('column default', {}, decided(`${of} drop identity`, 'locks the table'))
  if (actual !== null) return step('column default', {}, decided(`${of} set generated ${column.identity}`, 'locks the table'))
  const sequence = identityOf(expected, relation, column)
  const options = sequence === undefined ? '' : ` (sequence name ${identifier(sequence.name)} ${sequenceOptions(sequence)})`
  return step(
    'column default',
    { needs: [keyOf('relation', relation.name)] },
    decided(`${of} add generated ${column.identity} as identity${options}`, 'locks the table'),
  )
}

/** DEFAULT is known since PostgreSQL 16. Earlier the server is asked for the storage of the type. */
function storageSql(relation: Relation, column: Column, serverMajor: number): string {
  const of = `${alter(relation)} alter column ${identifier(column.name)} set storage`
  if (column.storage !== null) return `${of} ${column.storage}`
  if (serverMajor >= 16) return `${of} default`
  return `do ${literal(`
    begin
      execute ${literal(`${of} `)} || (
        select case type.typstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end
        from pg_catalog.pg_attribute as field
        join pg_catalog.pg_type as type on type.oid = field.atttypid
        where field.attrelid = ${literal(identifier(relation.name))}::pg_catalog.regclass
          and field.attname = ${literal(column.name)}
      );
    end`)}`
}
