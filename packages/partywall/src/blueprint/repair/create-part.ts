/** Steps that add what is missing to a table, a view or a type that exists, and may hold rows. */
import { identifier } from '../../names/identifier.ts'
import type { Constraint, Relation } from '../blueprint.ts'
import { alteredTriggersOf, isKey, kindOfConstraint } from '../render/constraints.ts'
import { hangingUnits } from '../render/hanging.ts'
import { keyOf, ownName } from '../render/sql-names.ts'
import { addColumn } from './add-column.ts'
import type { Creating } from './creating.ts'
import type { Found } from './objects.ts'
import { additive, alone, type Hazard, type Statement } from './repair.ts'
import { alter, commentOn } from './sql-parts.ts'
import { step, type Step } from './step.ts'

/** None where the object comes with another one; undefined where PostgreSQL has no statement. */
export function createPart(found: Found, creating: Creating): readonly Step[] | undefined {
  switch (found.is) {
    case 'column':
      return addColumn(found, creating)
    case 'default': {
      const { relation, column } = found
      const set = `${alter(relation)} alter column ${identifier(column.name)} set default ${column.default}`
      const keys = [keyOf('default', relation.name, column.name)]
      return step('column default', { keys, needs: needs(relation) }, additive(set, 'locks the table'))
    }
    case 'constraint':
      return [...addConstraint(found, creating), ...commentStep(found, found.constraint.comment)]
    case 'index':
      return createIndex(found)
    case 'trigger':
      // Each partition has the triggers of its table.
      return found.trigger.inherited ? [] : hanging(found, { triggers: [found.trigger] }, found.trigger.comment)
    case 'rule':
      return hanging(found, { rules: [found.rule] }, found.rule.comment)
    case 'policy':
      return hanging(found, { policies: [found.policy] }, found.policy.comment)
    case 'attribute': {
      const collate = found.collation === null ? '' : ` collate ${found.collation}`
      const add = `alter type ${identifier(found.type.name)} add attribute ${identifier(found.name)} ${found.of}${collate} cascade`
      const place = { keys: [keyOf('type', found.type.name)] }
      return [...step('type', place, additive(add, 'rewrites the table')), ...commentStep(found, found.comment)]
    }
    case 'domain constraint':
      return [...addDomainConstraint(found), ...commentStep(found, found.constraint.comment)]
    default:
      return undefined
  }
}

function commentStep(found: Found, text: string | null): readonly Step[] {
  return text === null ? [] : step('comment', {}, additive(commentOn(found, text)))
}

function needs({ name }: Relation): readonly string[] {
  return [keyOf('relation', name)]
}

/** As the renderer writes it, on a table that is in use. */
function hanging(
  found: Extract<Found, { is: 'trigger' | 'rule' | 'policy' }>,
  only: Partial<Pick<Relation, 'triggers' | 'rules' | 'policies'>>,
  comment: string | null,
): readonly Step[] {
  const bare: Relation = { ...found.relation, ...withoutHanging, ...only }
  const hazard = found.is === 'trigger' ? 'blocks writes' : 'locks the table'
  const steps = hangingUnits({ relations: [bare] }).map((unit): Step => ({
    ...unit,
    needs: needs(found.relation),
    statements: unit.statements.map((text) => additive(text, hazard)),
  }))
  return [...steps, ...commentStep(found, comment)]
}

const withoutHanging = {
  triggers: [],
  rules: [],
  policies: [],
  indexes: [],
  rowSecurity: false,
  forceRowSecurity: false,
  replicaIdentity: 'default',
  dependsOn: [],
} as const

function addConstraint(
  { relation, constraint }: Extract<Found, { is: 'constraint' }>,
  { isMissing, rendering }: Creating,
): readonly Step[] {
  const { name, definition } = constraint
  const kind = kindOfConstraint(definition)
  // It comes with the constraint of the parent, or with its column.
  if (!constraint.local && !isKey(constraint)) return []
  if (!constraint.local && relation.parents.some((parent) => rendering.relations.has(ownName(parent) ?? ''))) return []
  const column = notNullColumn(relation, constraint)
  if (column !== undefined && isMissing('column', `${relation.name}.${column}`)) return []
  const keys = [keyOf('constraint', relation.name, name)]
  const place = { keys, needs: needs(relation) }
  const add = `${alter(relation)} add constraint ${identifier(name)} ${definition}`
  const validate = `${alter(relation)} validate constraint ${identifier(name)}`
  if (isKey(constraint)) return addKey(relation, constraint, add)
  if (kind !== 'foreign key')
    return step('constraint', place, ...validated(add, validate, ['locks the table', 'scans the table']))
  const added =
    relation.kind === 'partitioned table' && rendering.serverMajor < 18
      ? [additive(add, 'blocks writes', 'scans the table')]
      : validated(add, validate, ['blocks writes', 'scans the table'])
  const states = constraint.alteredTriggers.map((altered) => additive(alteredTriggersOf(relation.name, name, altered)))
  return [...step('constraint', place, ...added), ...step('state', { needs: keys }, ...states)]
}

/** The column of a NOT NULL. */
function notNullColumn({ columns }: Relation, { definition }: Constraint): string | undefined {
  const written = /^NOT NULL (.*?)( NO INHERIT)?( NOT VALID)?$/s.exec(definition)?.[1]
  return columns.find(({ name }) => [name, identifier(name)].includes(written ?? ''))?.name
}

/** The scan comes when the constraint holds new rows already, and with a lock that lets others write. */
function validated(add: string, validate: string, hazards: readonly Hazard[]): readonly Statement[] {
  const withoutScan = hazards.filter((hazard) => hazard !== 'scans the table')
  if (/ NOT VALID$| NOT ENFORCED$/.test(add)) return [additive(add, ...withoutScan)]
  return [additive(`${add} not valid`, ...withoutScan), additive(validate, 'scans the table')]
}

/** Its index is made first, while others write. */
function addKey(relation: Relation, constraint: Constraint, add: string): readonly Step[] {
  const { name, definition } = constraint
  const index = relation.indexes.find((one) => one.name === name)
  const [constraintKey, indexKey] = [keyOf('constraint', relation.name, name), keyOf('index', name)]
  const [, kind, rest] = /^(PRIMARY KEY|UNIQUE)\b.*?\)((?: (?:NOT )?DEFERRABLE| INITIALLY DEFERRED)*)$/s.exec(definition) ?? []
  const made = index && concurrently(relation, index)
  if (made === undefined || kind === undefined || / WITHOUT OVERLAPS\)/.test(definition)) {
    const place = { keys: [constraintKey, indexKey], needs: needs(relation) }
    return step('index', place, additive(add, 'locks the table', 'scans the table'))
  }
  const use = `${alter(relation)} add constraint ${identifier(name)} ${kind} using index ${identifier(name)}${rest}`
  return [
    ...step('index', { keys: [keyOf('index for', name)], needs: needs(relation) }, made),
    ...step('index', { keys: [constraintKey, indexKey], needs: [keyOf('index for', name)] }, additive(use, 'locks the table')),
  ]
}

function createIndex(found: Extract<Found, { is: 'index' }>): readonly Step[] {
  const { relation, index } = found
  // It comes with its constraint, or with the index of the parent.
  if (relation.constraints.some((constraint) => constraint.name === index.name && isKey(constraint))) return []
  if (index.parent !== null) return []
  const made = concurrently(relation, index) ?? additive(index.definition, 'blocks writes', 'scans the table')
  const settings = index.statistics.map((setting) => {
    const [column, target] = setting.split(': ')
    return additive(`alter index ${identifier(index.name)} alter column ${column!} set statistics ${target!}`)
  })
  const place = { keys: [keyOf('index', index.name)], needs: needs(relation) }
  return [...step('index', place, made, ...settings), ...commentStep(found, index.comment)]
}

/** A partitioned table has no index that is made this way. */
function concurrently({ kind }: Relation, { name, definition }: Relation['indexes'][number]): Statement | undefined {
  if (!['table', 'materialized view'].includes(kind) || !/^CREATE (?:UNIQUE )?INDEX /.test(definition)) return undefined
  const statement = definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ')
  // What PostgreSQL could not finish stays, and is not valid.
  return alone(additive(statement, 'scans the table'), `drop index concurrently if exists ${identifier(name)}`)
}

function addDomainConstraint({ type, constraint }: Extract<Found, { is: 'domain constraint' }>): readonly Step[] {
  const { name, definition } = constraint
  const domain = `alter domain ${identifier(type.name)}`
  const add = `${domain} add constraint ${identifier(name)} ${definition}`
  const place = { keys: [keyOf('constraint', type.name, name)], needs: [keyOf('type', type.name)] }
  // Only a check may wait for its scan.
  if (kindOfConstraint(definition) !== 'check') return step('type', place, additive(add, 'scans the table'))
  return step('type', place, ...validated(add, `${domain} validate constraint ${identifier(name)}`, ['scans the table']))
}
