import { identifier } from '../../names/identifier.ts'
import type { Relation } from '../blueprint.ts'
import { keyOf, ownName } from '../render/sql-names.ts'
import type { Change, Outcome } from './change.ts'
import type { Found } from './objects.ts'
import { isView } from './removals.ts'
import { additive, decided } from './repair.ts'
import { alter, foreignOptionClause, optionClauses } from './sql-parts.ts'
import { step } from './step.ts'

/** What must come before anything else of the table is changed is in `leaveParents`. */
export function changedRelation(found: Extract<Found, { is: 'relation' }>, change: Change): Outcome {
  const { relation } = found
  const { property, expected, actual } = change
  const table = alter(relation)
  const key = keyOf('relation', relation.name)
  switch (property) {
    case 'options':
    case 'toastOptions': {
      const clauses = optionClauses(expected as string[], actual as string[], property === 'options' ? '' : 'toast.')
      const make = relation.kind === 'view' ? decided : additive
      const hazards = relation.kind === 'view' ? [] : (['blocks writes'] as const)
      return step('table', { keys: [key] }, ...clauses.map((clause) => make(`${table} ${clause}`, ...hazards)))
    }
    case 'persistence': {
      const words = expected === 'unlogged' ? 'unlogged' : 'logged'
      return step('table', { keys: [key] }, decided(`${table} set ${words}`, 'locks the table', 'rewrites the table'))
    }
    case 'rowSecurity': {
      const words = `${expected === true ? 'enable' : 'disable'} row level security`
      return step('state', {}, decided(`${table} ${words}`, 'locks the table'))
    }
    case 'forceRowSecurity':
      return step('state', {}, decided(`${table} ${expected === true ? '' : 'no '}force row level security`, 'locks the table'))
    case 'replicaIdentity':
      return replicaIdentity(relation)
    case 'populated':
      return step('refresh', {}, decided(`refresh materialized view ${identifier(relation.name)}`, 'locks the table'))
    case 'parents':
    case 'partitionBound':
      return joinParents(relation)
    case 'ofType': {
      const words = expected === null ? 'not of' : `of ${relation.ofType}`
      return step('table', { keys: [key] }, decided(`${table} ${words}`, 'locks the table'))
    }
    case 'foreignOptions':
      return step('table', {}, decided(`${table} ${foreignOptionClause(expected as string[], actual as string[])}`))
    case 'tablespace': {
      const space = identifier(relation.tablespace ?? 'pg_default')
      return step('table', {}, decided(`${table} set tablespace ${space}`, 'locks the table', 'rewrites the table'))
    }
    case 'accessMethod':
      return accessMethod(relation, change)
    default:
      // The order of columns, a partition key and the kind of a table are made with the table, and its rows would have to move.
      return isView(relation) || property === 'server' || (property === 'kind' && holdsNoRows(change.is)) ? 'again' : undefined
  }
}

/** Statements of the table itself: partitions have their own. */
export function replicaIdentity(relation: Relation): Outcome {
  const index = relation.indexes.find((one) => one.replicaIdentity)
  const isByIndex = relation.replicaIdentity === 'index'
  if (isByIndex && index === undefined) return undefined
  const words = isByIndex ? `using index ${identifier(index!.name)}` : relation.replicaIdentity
  const needs = index === undefined ? [] : [keyOf('index', index.name)]
  return step('state', { needs }, decided(`${alter(relation)} replica identity ${words}`, 'locks the table'))
}

function accessMethod({ accessMethod: method, ...relation }: Relation, { creating }: Change): Outcome {
  if (isView(relation as Relation)) return 'again'
  const { serverMajor } = creating.rendering
  // DEFAULT is known since PostgreSQL 17.
  if (serverMajor < 15 || (method === null && serverMajor < 17)) return undefined
  const words = method === null ? 'default' : identifier(method)
  return step(
    'table',
    {},
    decided(`${alter(relation as Relation)} set access method ${words}`, 'locks the table', 'rewrites the table'),
  )
}

/** From what it is part of. The order of the parents means something, so all are left. */
export function leaveParents(relation: Relation): readonly ReturnType<typeof decided>[] {
  const table = identifier(relation.name)
  return relation.parents.map((printed) => {
    const parent = printed.replace(/, detach pending$/, '')
    if (relation.partitionBound === null) return decided(`alter table ${table} no inherit ${parent}`, 'locks the table')
    const finalize = parent === printed ? '' : ' finalize'
    return decided(`alter table ${parent} detach partition ${table}${finalize}`, 'locks the table')
  })
}

function joinParents(relation: Relation): Outcome {
  const table = identifier(relation.name)
  const needs = [keyOf('relation', relation.name), ...relation.parents.map((parent) => keyOf('relation', ownName(parent) ?? ''))]
  const statements = relation.parents.map((parent) =>
    relation.partitionBound === null
      ? decided(`alter table ${table} inherit ${parent}`, 'locks the table')
      : decided(
          `alter table ${parent} attach partition ${table} ${relation.partitionBound}`,
          'locks the table',
          'scans the table',
        ),
  )
  // After its constraints and indexes, which must fit those of the parent.
  return step('state', { needs }, ...statements)
}

function holdsNoRows(is: Found): boolean {
  return is.is === 'relation' && (isView(is.relation) || is.relation.kind === 'foreign table')
}
