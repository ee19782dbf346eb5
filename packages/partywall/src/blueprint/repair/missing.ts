/** Statements that create what is missing. */
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Constraint, Relation } from '../blueprint.ts'
import { addColumn } from './add-column.ts'
import { createRelation, createSequence } from './create-relation.ts'
import type { Found } from './objects.ts'
import { additive, alone, type Hazard, type Statement } from './repair.ts'
import { alter, commentOn } from './sql-parts.ts'

/** Undefined where no statement is known; none where the object comes with another one. @param isMissing whether another object of the blueprint is missing, too */
export function createMissing(
  found: Found,
  isMissing: (kind: string, name: string) => boolean,
): readonly Statement[] | undefined {
  switch (found.is) {
    case 'relation':
      return createRelation(found.relation, (hanging) => createMissing(hanging, (kind) => kind === 'column'))
    case 'sequence':
      return createSequence(found.sequence)
    case 'type':
      return createType(found)
    case 'column':
      return addColumn(found.relation, found.column)
    case 'constraint':
      return addConstraint(found, isMissing)
    case 'index':
      return createIndex(found)
    case 'trigger':
      return createTrigger(found, isMissing)
    case 'rule':
      return [
        additive('last', bare(found.rule.definition), 'locks the table'),
        ...enabled(found, found.rule.enabled),
        ...comment(found, found.rule.comment),
      ]
    case 'policy':
      return [additive('last', policyOf(found), 'locks the table'), ...comment(found, found.policy.comment)]
    case 'statistics':
      return [additive('last', statisticsOf(found), 'blocks writes'), ...comment(found, found.statistics.comment)]
    case 'attribute':
      return [
        additive(
          'type',
          `alter type ${identifier(found.type.name)} add attribute ${identifier(found.name)} ${found.of} cascade`,
          'rewrites the table',
        ),
      ]
    case 'domain constraint': {
      const { name, definition } = found.constraint
      const domain = `alter domain ${identifier(found.type.name)}`
      return validated(
        `${domain} add constraint ${identifier(name)} ${definition}`,
        `${domain} validate constraint ${identifier(name)}`,
        'type',
        ['scans the table'],
      )
    }
    default:
      return undefined
  }
}

function addConstraint(
  found: Extract<Found, { is: 'constraint' }>,
  isMissing: (kind: string, name: string) => boolean,
): readonly Statement[] {
  const { relation, constraint } = found
  const { name, definition } = constraint
  // It comes with the constraint of the parent, or with its column.
  if (!constraint.local) return []
  const column = /^NOT NULL (.*)$/s.exec(definition)?.[1]
  if (
    column !== undefined &&
    relation.columns.some(
      (one) => [one.name, identifier(one.name)].includes(column) && isMissing('column', `${relation.name}.${one.name}`),
    )
  )
    return []
  const add = `${alter(relation)} add constraint ${identifier(name)} ${definition}`
  const withComment = (statements: readonly Statement[]) => [...statements, ...comment(found, constraint.comment)]
  if (/^(?:PRIMARY KEY|UNIQUE|EXCLUDE)/.test(definition)) return withComment(addKey(relation, constraint, add))
  const validate = `${alter(relation)} validate constraint ${identifier(name)}`
  if (!definition.startsWith('FOREIGN KEY'))
    return withComment(validated(add, validate, 'constraint', ['locks the table', 'scans the table']))
  const isPartitioned = relation.kind === 'partitioned table'
  return withComment(
    isPartitioned
      ? [additive('foreign key', add, 'blocks writes', 'scans the table')]
      : validated(add, validate, 'foreign key', ['blocks writes', 'scans the table']),
  )
}

/** The scan comes when the constraint holds new rows already, and with a lock that lets others write. */
function validated(add: string, validate: string, tier: Statement['tier'], hazards: readonly Hazard[]): readonly Statement[] {
  if (add.endsWith(' NOT VALID')) return [additive(tier, add, ...hazards.filter((hazard) => hazard !== 'scans the table'))]
  return [
    additive(tier, `${add} not valid`, ...hazards.filter((hazard) => hazard !== 'scans the table')),
    additive(tier, validate, ...hazards.filter((hazard) => hazard === 'scans the table')),
  ]
}

/** Its index is made first, while others write. */
function addKey(relation: Relation, { name, definition }: Constraint, add: string): readonly Statement[] {
  const index = relation.indexes.find((one) => one.name === name)
  const [, kind, rest] = /^(PRIMARY KEY|UNIQUE)\b.*?\)((?: (?:NOT )?DEFERRABLE| INITIALLY DEFERRED)*)$/s.exec(definition) ?? []
  const made = index && concurrently(relation, index)
  if (made === undefined || kind === undefined) return [additive('constraint', add, 'locks the table', 'scans the table')]
  const use = `${alter(relation)} add constraint ${identifier(name)} ${kind} using index ${identifier(name)}${rest}`
  return [made, additive('constraint', use, 'locks the table')]
}

function createIndex(found: Extract<Found, { is: 'index' }>): readonly Statement[] {
  const { relation, index } = found
  // It comes with its constraint, or with the index of the parent.
  if (
    relation.constraints.some(({ name, definition }) => name === index.name && /^(?:PRIMARY KEY|UNIQUE|EXCLUDE)/.test(definition))
  )
    return []
  if (index.parent !== null) return []
  const made = concurrently(relation, index) ?? additive('index', index.definition, 'blocks writes', 'scans the table')
  return [made, ...comment(found, index.comment)]
}

/** A partitioned table has no index that is made this way. */
function concurrently({ kind }: Relation, { name, definition }: Relation['indexes'][number]): Statement | undefined {
  if (!['table', 'materialized view'].includes(kind) || !/^CREATE (?:UNIQUE )?INDEX /.test(definition)) return undefined
  const statement = definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ')
  // What PostgreSQL could not finish stays, and is not valid.
  return alone(additive('index', statement, 'scans the table'), `drop index concurrently if exists ${identifier(name)}`)
}

function createTrigger(
  found: Extract<Found, { is: 'trigger' }>,
  isMissing: (kind: string, name: string) => boolean,
): readonly Statement[] {
  const { relation, trigger } = found
  // Each partition has the triggers of its table.
  if (relation.partitionBound !== null && relation.parents.some((parent) => isMissing('trigger', `${parent}.${trigger.name}`)))
    return []
  return [
    additive('last', trigger.definition, 'blocks writes'),
    ...enabled(found, trigger.enabled),
    ...comment(found, trigger.comment),
  ]
}

/** How a trigger or a rule fires that was just made. */
function enabled(found: Extract<Found, { is: 'trigger' | 'rule' }>, state: string): readonly Statement[] {
  return state === 'enabled' ? [] : [additive('last', firing(found, state), 'blocks writes')]
}

export function firing(found: Extract<Found, { is: 'trigger' | 'rule' }>, state: string): string {
  const verb = { enabled: 'enable', disabled: 'disable', replica: 'enable replica' }[state] ?? 'enable always'
  const name = identifier(found.is === 'trigger' ? found.trigger.name : found.rule.name)
  return `alter table ${identifier(found.relation.name)} ${verb} ${found.is} ${name}`
}

function policyOf({ relation, policy }: Extract<Found, { is: 'policy' }>): string {
  return [
    `create policy ${identifier(policy.name)} on ${identifier(relation.name)} as ${policy.permissive ? 'permissive' : 'restrictive'}`,
    `for ${policy.command} to ${rolesOf(policy.roles)}`,
    ...(policy.using === null ? [] : [`using (${policy.using})`]),
    ...(policy.check === null ? [] : [`with check (${policy.check})`]),
  ].join(' ')
}

export function rolesOf(roles: readonly string[]): string {
  return roles.map((role) => (role === 'everyone' ? 'public' : role.replace(/^role /, ''))).join(', ')
}

function statisticsOf({ statistics }: Extract<Found, { is: 'statistics' }>): string {
  const kinds = statistics.kinds.filter((kind) => kind !== 'expressions')
  const chosen = kinds.length === 0 ? '' : ` (${kinds.join(', ')})`
  return `create statistics ${identifier(statistics.name)}${chosen} on ${statistics.columns} from ${statistics.table}`
}

/** An enum. The others need their parts in an order of their own. */
function createType(found: Extract<Found, { is: 'type' }>): readonly Statement[] | undefined {
  const { type } = found
  if (type.kind !== 'enum') return undefined
  const labels = type.labels.map((label) => literal(label)).join(', ')
  return [additive('type', `create type ${identifier(type.name)} as enum (${labels})`), ...comment(found, type.comment)]
}

function comment(found: Found, text: string | null): readonly Statement[] {
  return text === null ? [] : [additive('last', commentOn(found, text))]
}

function bare(definition: string): string {
  return definition.replace(/;$/, '')
}
