/** Changes of what hangs on tables and views. */
import { identifier } from '../../names/identifier.ts'
import type { Index, Relation } from '../blueprint.ts'
import { alteredTriggersOf, isKey } from '../render/constraints.ts'
import { firingSql, policyClauses } from '../render/hanging.ts'
import { keyOf } from '../render/sql-names.ts'
import type { Change, Outcome } from './change.ts'
import { replicaIdentity } from './changed-relation.ts'
import type { Found } from './objects.ts'
import { additive, alone, decided } from './repair.ts'
import { addressOf, alter, optionClauses } from './sql-parts.ts'
import { step } from './step.ts'

export function changedConstraint(
  { relation, constraint }: Extract<Found, { is: 'constraint' }>,
  { property, expected, actual }: Change,
): Outcome {
  const needs = [keyOf('constraint', relation.name, constraint.name)]
  const isOnlyUnvalidated = property === 'definition' && actual === `${String(expected)} NOT VALID`
  if ((property === 'validated' && expected === true) || isOnlyUnvalidated) {
    const validate = `${alter(relation)} validate constraint ${identifier(constraint.name)}`
    return step('constraint', {}, additive(validate, 'scans the table'))
  }
  if (property === 'alteredTriggers') return alteredTriggers(relation, constraint.name, { expected, actual }, needs)
  // It follows the one of the parent.
  if (property === 'definition' && !constraint.local) return isKey(constraint) ? undefined : []
  return property === 'definition' ? 'again' : undefined
}

/** How the triggers fire that enforce a foreign key. Only a superuser may change it. */
function alteredTriggers(
  relation: Relation,
  constraint: string,
  { expected, actual }: Pick<Change, 'expected' | 'actual'>,
  needs: readonly string[],
): Outcome {
  const [should, is] = [expected as readonly string[], actual as readonly string[]]
  const usual = is.map(tableOf).filter((table) => !should.map(tableOf).includes(table))
  return step(
    'state',
    { needs },
    ...usual.map((table) => additive(alteredTriggersOf(relation.name, constraint, `enabled on ${table}`), 'blocks writes')),
    ...should
      .filter((altered) => !is.includes(altered))
      .map((altered) => decided(alteredTriggersOf(relation.name, constraint, altered), 'blocks writes')),
  )
}

/** `disabled on orders` is about `orders`. */
function tableOf(altered: string): string {
  return altered.replace(/^\w+ on /, '')
}

export function changedIndex(found: Extract<Found, { is: 'index' }>, { property, expected, actual, is }: Change): Outcome {
  const { relation, index } = found
  const name = identifier(index.name)
  const needs = [keyOf('index', index.name)]
  switch (property) {
    case 'valid':
      return expected === true && relation.kind !== 'partitioned table'
        ? step('index', {}, alone(additive(`reindex index concurrently ${name}`, 'scans the table')))
        : undefined
    case 'clustered': {
      const words = index.clustered ? `cluster on ${name}` : 'set without cluster'
      const other = relation.indexes.find((one) => one.clustered)
      // The other index is told, too.
      if (!index.clustered && other !== undefined) return []
      return step('state', { needs }, decided(`${alter(relation)} ${words}`, 'locks the table'))
    }
    case 'replicaIdentity':
      return replicaIdentity(relation)
    case 'definition':
      return is.is === 'index' ? changedDefinition(relation, index, is.index) : 'again'
    case 'options':
      return step('state', { needs }, ...optionStatements(name, expected as string[], actual as string[]))
    case 'tablespace':
      return step(
        'state',
        { needs },
        decided(`alter index ${name} set tablespace ${identifier(index.tablespace ?? 'pg_default')}`, 'locks the table'),
      )
    case 'parent':
      // That of a partition is made and attached by PostgreSQL when the partition is.
      return index.parent === null
        ? undefined
        : step('state', { needs }, decided(`alter index ${index.parent} attach partition ${name}`))
    case 'statistics': {
      const targets = new Map([
        ...(actual as string[]).map((entry) => [entry.split(': ')[0]!, '-1'] as const),
        ...(expected as string[]).map((entry) => entry.split(': ') as [string, string]),
      ])
      const statements = [...targets].map(([number, target]) =>
        additive(`alter index ${name} alter column ${number} set statistics ${target}`),
      )
      return step('state', { needs }, ...statements)
    }
    default:
      return undefined
  }
}

/** Parameters are changed in place: an index that others need stays. */
function changedDefinition(relation: Relation, expected: Index, actual: Index): Outcome {
  if (withoutOptions(expected.definition) === withoutOptions(actual.definition)) {
    const statements = optionStatements(identifier(expected.name), expected.options, actual.options)
    return step('state', { needs: [keyOf('index', expected.name)] }, ...statements)
  }
  // It goes with its constraint, which is told as well.
  if (relation.constraints.some((constraint) => constraint.name === expected.name && isKey(constraint))) return []
  return expected.parent === null ? 'again' : []
}

function optionStatements(name: string, expected: readonly string[], actual: readonly string[]) {
  return optionClauses(expected, actual).map((clause) => additive(`alter index ${name} ${clause}`, 'blocks writes'))
}

function withoutOptions(definition: string): string {
  return definition.replace(/ WITH \((?:[a-z_]+=(?:'[^']*'|\w+)(?:, )?)+\)/, '')
}

export function changedFiring(found: Extract<Found, { is: 'trigger' | 'rule' }>, { property, expected }: Change): Outcome {
  if (property !== 'enabled') return property === 'definition' ? 'again' : undefined
  const part = found.is === 'trigger' ? found.trigger : found.rule
  const make = expected === 'disabled' ? decided : additive
  return step('state', {}, make(firingSql(identifier(found.relation.name), found.is, part), 'blocks writes'))
}

/** In place, so that the table is never without it, unless it must go before a column that it reads. */
export function changedPolicy(found: Extract<Found, { is: 'policy' }>, { property, losesColumn }: Change): Outcome {
  const { using, check, roles } = policyClauses(found.policy)
  const clause = { using, check, roles }[property ?? '']
  if (losesColumn || clause === undefined) return 'again'
  return step(
    'policy',
    { needs: [keyOf('relation', found.relation.name)] },
    decided(`alter ${addressOf(found)} ${clause}`, 'locks the table'),
  )
}
