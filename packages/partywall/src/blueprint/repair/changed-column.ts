import { identifier } from '../../names/identifier.ts'
import type { BlueprintDifference } from '../blueprint-difference.ts'
import type { Found } from './objects.ts'
import { additive, decided, type Statement } from './repair.ts'
import { alter, optionClauses } from './sql-parts.ts'

/** Undefined where no statement is known: PostgreSQL cannot move a column, for example. */
export function changedColumn(
  { relation, column }: Extract<Found, { is: 'column' }>,
  { property, expected, actual }: Pick<BlueprintDifference, 'property' | 'expected' | 'actual'>,
): readonly Statement[] | undefined {
  const of = `${alter(relation)} alter column ${identifier(column.name)}`
  switch (property) {
    case 'storage':
      return [additive('alter', `${of} set storage ${column.storage ?? 'default'}`, 'locks the table')]
    case 'compression':
      return [additive('alter', `${of} set compression ${column.compression ?? 'default'}`, 'locks the table')]
    case 'statistics':
      return [additive('alter', `${of} set statistics ${column.statistics ?? -1}`, 'blocks writes')]
    case 'options':
      return optionClauses(expected as string[], actual as string[]).map((clause) =>
        additive('alter', `${of} ${clause}`, 'blocks writes'),
      )
    case 'type':
    case 'collation': {
      const collation = column.collation === null ? '' : ` collate ${column.collation}`
      const using = ` using ${identifier(column.name)}::${column.type}`
      return [decided('alter', `${of} type ${column.type}${collation}${using}`, 'locks the table', 'rewrites the table')]
    }
    case 'default':
      if (column.generated !== null) return undefined
      return [
        decided('alter', expected === null ? `${of} drop default` : `${of} set default ${column.default}`, 'locks the table'),
      ]
    case 'notNull':
      return expected === true
        ? [additive('constraint', `${of} set not null`, 'locks the table', 'scans the table')]
        : [decided('alter', `${of} drop not null`, 'locks the table')]
    case 'identity':
      if (expected === null) return [decided('alter', `${of} drop identity`, 'locks the table')]
      return [
        decided(
          'alter',
          actual === null ? `${of} add generated ${column.identity} as identity` : `${of} set generated ${column.identity}`,
          'locks the table',
        ),
      ]
    default:
      return undefined
  }
}
