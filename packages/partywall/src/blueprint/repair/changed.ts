/** Statements that change an object back to what is expected. Those that only tune, describe or enable are additive. */
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { BlueprintDifference } from '../blueprint-difference.ts'
import { changedColumn } from './changed-column.ts'
import { firing, rolesOf } from './missing.ts'
import type { Found } from './objects.ts'
import { additive, alone, decided, type Statement } from './repair.ts'
import { addressOf, alter, commentOn, optionClauses } from './sql-parts.ts'

type Change = Pick<BlueprintDifference, 'property' | 'expected' | 'actual'>

/** Undefined where no statement is known. @param found the object as it is expected */
export function changeBack(found: Found, change: Change): readonly Statement[] | undefined {
  if (change.property === 'comment') return [additive('last', commentOn(found, change.expected as string | null))]
  switch (found.is) {
    case 'relation':
      return changedRelation(found, change)
    case 'column':
      return changedColumn(found, change)
    case 'constraint':
      return changedConstraint(found, change)
    case 'index':
      return changedIndex(found, change)
    case 'trigger':
    case 'rule':
      return changedFiring(found, change)
    case 'policy':
      return changedPolicy(found, change)
    case 'sequence':
      return changedSequence(found, change)
    case 'type':
      return changedType(found, change)
    case 'statistics':
      return change.property === 'target'
        ? [additive('last', `alter ${addressOf(found)} set statistics ${change.expected ?? -1}`)]
        : undefined
    default:
      return undefined
  }
}

function changedRelation(
  { relation }: Extract<Found, { is: 'relation' }>,
  { property, expected, actual }: Change,
): readonly Statement[] | undefined {
  const table = alter(relation)
  const isView = relation.kind === 'view'
  switch (property) {
    case 'options':
    case 'toastOptions': {
      const clauses = optionClauses(expected as string[], actual as string[], property === 'options' ? '' : 'toast.')
      const make = isView ? decided : additive
      return clauses.map((clause) => make('alter', `${table} ${clause}`, ...(isView ? [] : (['blocks writes'] as const))))
    }
    case 'persistence':
      return [
        decided(
          'alter',
          `${table} set ${expected === 'unlogged' ? 'unlogged' : 'logged'}`,
          'locks the table',
          'rewrites the table',
        ),
      ]
    case 'rowSecurity':
      return [decided('alter', `${table} ${expected === true ? 'enable' : 'disable'} row level security`, 'locks the table')]
    case 'forceRowSecurity':
      return [decided('alter', `${table} ${expected === true ? '' : 'no '}force row level security`, 'locks the table')]
    case 'replicaIdentity': {
      const index = relation.indexes.find(({ replicaIdentity }) => replicaIdentity)
      const words = expected === 'index' ? `using index ${identifier(index?.name ?? '')}` : String(expected)
      return [decided('alter', `${table} replica identity ${words}`, 'locks the table')]
    }
    case 'definition':
      return isView
        ? [decided('alter', `create or replace view ${identifier(relation.name)} as ${relation.definition?.replace(/;$/, '')}`)]
        : undefined
    case 'populated':
      return [decided('last', `refresh materialized view ${identifier(relation.name)}`, 'locks the table')]
    default:
      return undefined
  }
}

function changedConstraint(
  found: Extract<Found, { is: 'constraint' }>,
  { property, expected, actual }: Change,
): readonly Statement[] | undefined {
  const { relation, constraint } = found
  const table = alter(relation)
  const name = identifier(constraint.name)
  const isOnlyUnvalidated = property === 'definition' && actual === `${String(expected)} NOT VALID`
  if ((property === 'validated' && expected === true) || isOnlyUnvalidated) {
    return [additive('constraint', `${table} validate constraint ${name}`, 'scans the table')]
  }
  if (property !== 'definition' || !constraint.local) return undefined
  const again = `${table} drop constraint ${name}, add constraint ${name} ${constraint.definition}`
  return [decided('constraint', again, 'locks the table', 'scans the table')]
}

function changedIndex(found: Extract<Found, { is: 'index' }>, { property, expected }: Change): readonly Statement[] | undefined {
  const { relation, index } = found
  const name = identifier(index.name)
  switch (property) {
    case 'valid':
      return expected === true ? [alone(additive('index', `reindex index concurrently ${name}`, 'scans the table'))] : undefined
    case 'clustered':
      return [
        decided(
          'alter',
          expected === true ? `${alter(relation)} cluster on ${name}` : `${alter(relation)} set without cluster`,
          'locks the table',
        ),
      ]
    case 'definition':
      return [decided('index', `drop index ${name}; ${index.definition}`, 'locks the table', 'scans the table')]
    case 'statistics': {
      const targets = new Map((expected as string[]).map((entry) => entry.split(': ') as [string, string]))
      return [...targets].map(([number, target]) =>
        additive('alter', `alter index ${name} alter column ${number} set statistics ${target}`),
      )
    }
    default:
      return undefined
  }
}

function changedFiring(
  found: Extract<Found, { is: 'trigger' | 'rule' }>,
  { property, expected }: Change,
): readonly Statement[] | undefined {
  if (property === 'enabled') {
    const make = expected === 'disabled' ? decided : additive
    return [make('last', firing(found, String(expected)), 'blocks writes')]
  }
  if (property !== 'definition') return undefined
  const { definition } = found.is === 'trigger' ? found.trigger : found.rule
  return [decided('last', `drop ${addressOf(found)}; ${definition.replace(/;$/, '')}`, 'locks the table')]
}

function changedPolicy(found: Extract<Found, { is: 'policy' }>, { property }: Change): readonly Statement[] | undefined {
  const { using, check, roles } = found.policy
  const clause = {
    using: using === null ? undefined : `using (${using})`,
    check: check === null ? undefined : `with check (${check})`,
    roles: `to ${rolesOf(roles)}`,
  }[property ?? '']
  return clause === undefined ? undefined : [decided('last', `alter ${addressOf(found)} ${clause}`, 'locks the table')]
}

function changedSequence(
  found: Extract<Found, { is: 'sequence' }>,
  { property, expected }: Change,
): readonly Statement[] | undefined {
  const { sequence } = found
  const clause = {
    increment: `increment by ${sequence.increment}`,
    minimum: `minvalue ${sequence.minimum}`,
    maximum: `maxvalue ${sequence.maximum}`,
    start: `start with ${sequence.start}`,
    cache: `cache ${sequence.cache}`,
    cycle: expected === true ? 'cycle' : 'no cycle',
    type: `as ${sequence.type}`,
    ownedBy: `owned by ${sequence.ownedBy ?? 'none'}`,
  }[property ?? '']
  return clause === undefined ? undefined : [decided('alter', `alter ${addressOf(found)} ${clause}`)]
}

function changedType(
  found: Extract<Found, { is: 'type' }>,
  { property, expected, actual }: Change,
): readonly Statement[] | undefined {
  const name = identifier(found.type.name)
  if (property === 'labels') return addLabels(name, expected as string[], actual as string[])
  if (found.type.kind !== 'domain') return undefined
  if (property === 'default')
    return [decided('type', `alter domain ${name} ${expected === null ? 'drop default' : `set default ${String(expected)}`}`)]
  return property === 'notNull'
    ? [decided('type', `alter domain ${name} ${expected === true ? 'set' : 'drop'} not null`, 'scans the table')]
    : undefined
}

/** Labels can be added at their places. None can be dropped or moved. */
function addLabels(name: string, expected: readonly string[], actual: readonly string[]): readonly Statement[] | undefined {
  const kept = expected.filter((label) => actual.includes(label))
  if (JSON.stringify(kept) !== JSON.stringify(actual)) return undefined
  return expected.flatMap((label, index) => {
    if (actual.includes(label)) return []
    const before = expected[index - 1]
    const place =
      before === undefined ? `before ${literal(expected.find((one) => actual.includes(one)) ?? '')}` : `after ${literal(before)}`
    return [additive('type', `alter type ${name} add value ${literal(label)}${actual.length === 0 ? '' : ` ${place}`}`)]
  })
}
