/** Statements that drop what is too much. A person decides whether they are run. */
import type { Found } from './objects.ts'
import { identifier } from '../../names/identifier.ts'
import { alone, decided, type Statement } from './repair.ts'
import { addressOf, alter } from './sql-parts.ts'

/** None where it goes with what it belongs to. */
export function dropExtra(found: Found): readonly Statement[] {
  switch (found.is) {
    case 'column':
      return [
        decided('drop', `${alter(found.relation)} drop column ${identifier(found.column.name)}`, 'loses rows', 'locks the table'),
      ]
    case 'relation':
      return [
        decided('drop', `drop ${addressOf(found)}`, ...(found.relation.kind.endsWith('table') ? (['loses rows'] as const) : [])),
      ]
    case 'constraint':
      return found.constraint.local
        ? [decided('drop', `${alter(found.relation)} drop constraint ${identifier(found.constraint.name)}`, 'locks the table')]
        : []
    case 'domain constraint':
      return [decided('drop', `alter domain ${identifier(found.type.name)} drop constraint ${identifier(found.constraint.name)}`)]
    case 'index':
      return dropIndex(found)
    case 'attribute':
      return [
        decided(
          'drop',
          `alter type ${identifier(found.type.name)} drop attribute ${identifier(found.name)} cascade`,
          'loses rows',
          'rewrites the table',
        ),
      ]
    case 'trigger':
    case 'rule':
    case 'policy':
      return [decided('drop', `drop ${addressOf(found)}`, 'locks the table')]
    case 'sequence':
      return found.sequence.isIdentity || found.sequence.ownedBy !== null ? [] : [decided('drop', `drop ${addressOf(found)}`)]
    default:
      return [decided('drop', `drop ${addressOf(found)}`)]
  }
}

function dropIndex({ relation, index }: Extract<Found, { is: 'index' }>): readonly Statement[] {
  const isOfConstraint = relation.constraints.some(({ name }) => name === index.name)
  if (isOfConstraint || index.parent !== null) return []
  return relation.kind === 'partitioned table'
    ? [decided('drop', `drop index ${identifier(index.name)}`, 'locks the table')]
    : [alone(decided('drop', `drop index concurrently ${identifier(index.name)}`))]
}
