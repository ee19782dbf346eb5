/** Statements that drop what is too much, or must be made again. A person decides whether they are run. */
import { identifier } from '../../names/identifier.ts'
import { isKey, kindOfConstraint } from '../render/constraints.ts'
import type { Found } from './objects.ts'
import { alone, decided, type Statement } from './repair.ts'
import { addressOf, alter } from './sql-parts.ts'

/** None where it goes with what it belongs to. @param isFreed whether its table is no part of another one any more: what it had from there stays */
export function dropOf(found: Found, isFreed: boolean): readonly Statement[] {
  switch (found.is) {
    case 'column':
      if ((found.column.inherited > 0 && !isFreed) || !isTable(found.relation.kind)) return []
      return [decided(`${alter(found.relation)} drop column ${identifier(found.column.name)}`, 'loses rows', 'locks the table')]
    case 'default':
      return [decided(`${alter(found.relation)} alter column ${identifier(found.column.name)} drop default`, 'locks the table')]
    case 'relation':
      return [decided(`drop ${addressOf(found)}`, ...(isTable(found.relation.kind) ? (['loses rows'] as const) : []))]
    case 'constraint':
      return dropConstraint(found, isFreed)
    case 'domain constraint':
      return [decided(`alter domain ${identifier(found.type.name)} drop constraint ${identifier(found.constraint.name)}`)]
    case 'index':
      return dropIndex(found, isFreed)
    case 'attribute':
      return [
        decided(
          `alter type ${identifier(found.type.name)} drop attribute ${identifier(found.name)} cascade`,
          'loses rows',
          'rewrites the table',
        ),
      ]
    case 'trigger':
      return found.trigger.inherited && !isFreed ? [] : [decided(`drop ${addressOf(found)}`, 'locks the table')]
    case 'rule':
    case 'policy':
      return [decided(`drop ${addressOf(found)}`, 'locks the table')]
    case 'sequence':
      return found.sequence.isIdentity ? [] : [decided(`drop ${addressOf(found)}`)]
    case 'default privileges':
      return []
    default:
      return [decided(`drop ${addressOf(found)}`)]
  }
}

function dropConstraint({ relation, constraint }: Extract<Found, { is: 'constraint' }>, isFreed: boolean): readonly Statement[] {
  if (!constraint.local && !isFreed) return []
  return [decided(`${alter(relation)} drop constraint ${identifier(constraint.name)}`, 'locks the table')]
}

function dropIndex({ relation, index }: Extract<Found, { is: 'index' }>, isFreed: boolean): readonly Statement[] {
  const isOfConstraint = relation.constraints.some((constraint) => constraint.name === index.name && isKey(constraint))
  if (isOfConstraint || (index.parent !== null && !isFreed)) return []
  return relation.kind === 'partitioned table'
    ? [decided(`drop index ${identifier(index.name)}`, 'locks the table')]
    : [alone(decided(`drop index concurrently ${identifier(index.name)}`))]
}

/** For objects that need each other. What else needs them is dropped before. */
export function withWhatNeedsIt(drop: Statement): Statement {
  const head = /^drop (?:aggregate|domain|foreign table|function|materialized view|procedure|table|type|view) (?!if exists )/
  if (!head.test(drop.statement)) return drop
  return { ...drop, statement: `${drop.statement.replace(head, (words) => `${words}if exists `)} cascade` }
}

/** What hangs on tables and views goes first, and a foreign key before the key that it refers to. */
export function dropRank(found: Found): number {
  switch (found.is) {
    case 'trigger':
    case 'rule':
    case 'policy':
    case 'statistics':
      return 0
    case 'constraint':
      return kindOfConstraint(found.constraint.definition) === 'foreign key' ? 1 : 2
    case 'index':
    case 'default':
    case 'domain constraint':
      return 2
    case 'text search configuration':
      return 4
    case 'text search dictionary':
      return 5
    default:
      return 3
  }
}

function isTable(kind: string): boolean {
  return kind.endsWith('table')
}
