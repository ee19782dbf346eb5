/** Names and clauses of the statements that repair. Definitions of a blueprint are SQL already. */
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Relation, Routine } from '../blueprint.ts'
import { aggregateSignature } from '../render/routines.ts'
import { foreignOptions, storageParameters } from '../render/storage-parameters.ts'
import type { Found } from './objects.ts'

/** `alter table` works on each kind of relation but a view; its own words keep a reader from looking for a table. */
export function alter({ kind, name }: Relation): string {
  return `alter ${kind === 'partitioned table' ? 'table' : kind} ${identifier(name)}`
}

/** How COMMENT ON and DROP call an object. */
export function addressOf(found: Found): string {
  switch (found.is) {
    case 'relation':
      return `${found.relation.kind === 'partitioned table' ? 'table' : found.relation.kind} ${identifier(found.relation.name)}`
    case 'column':
    case 'default':
      return `column ${identifier(found.relation.name)}.${identifier(found.column.name)}`
    case 'constraint':
      return `constraint ${identifier(found.constraint.name)} on ${identifier(found.relation.name)}`
    case 'domain constraint':
      return `constraint ${identifier(found.constraint.name)} on domain ${identifier(found.type.name)}`
    case 'index':
      return `index ${identifier(found.index.name)}`
    case 'trigger':
      return `trigger ${identifier(found.trigger.name)} on ${identifier(found.relation.name)}`
    case 'rule':
      return `rule ${identifier(found.rule.name)} on ${identifier(found.relation.name)}`
    case 'policy':
      return `policy ${identifier(found.policy.name)} on ${identifier(found.relation.name)}`
    case 'type':
      return `${found.type.kind === 'domain' ? 'domain' : 'type'} ${identifier(found.type.name)}`
    case 'attribute':
      return `column ${identifier(found.type.name)}.${identifier(found.name)}`
    case 'sequence':
      return `sequence ${identifier(found.sequence.name)}`
    case 'routine':
      return `${found.routine.kind === 'window function' ? 'function' : found.routine.kind} ${routineName(found.routine)}`
    case 'statistics':
      return `statistics ${identifier(found.statistics.name)}`
    case 'collation':
      return `collation ${identifier(found.collation.name)}`
    case 'text search dictionary':
      return `${found.is} ${identifier(found.dictionary.name)}`
    case 'text search configuration':
      return `${found.is} ${identifier(found.configuration.name)}`
    case 'default privileges':
      return `default privileges ${found.name}`
    case 'unmodeled':
      // PostgreSQL describes it in the words of DROP, but for this.
      return `${found.kind} ${found.name.replace(/ for access method (?=\S+$)/, ' using ')}`
  }
}

function routineName(routine: Routine): string {
  return routine.kind === 'aggregate' ? aggregateSignature(routine) : routine.signature
}

export function commentOn(found: Found, comment: string | null): string {
  return `comment on ${addressOf(found)} is ${comment === null ? 'null' : literal(comment)}`
}

/** Options as the catalog has them, such as `fillfactor=70`: those that are set, and those that are reset because nothing is expected. */
export function optionClauses(expected: readonly string[], actual: readonly string[], prefix = ''): readonly string[] {
  const set = expected.filter((option) => !actual.includes(option))
  const reset = actual.map(nameOf).filter((name) => !expected.map(nameOf).includes(name))
  return [
    ...(set.length > 0 ? [`set (${storageParameters(set, prefix)})`] : []),
    ...(reset.length > 0 ? [`reset (${reset.map((name) => `${prefix}${identifier(name)}`).join(', ')})`] : []),
  ]
}

/** The same for the options of foreign tables. None where nothing differs. */
export function foreignOptionClause(expected: readonly string[], actual: readonly string[]): string {
  const before = new Set(actual.map(nameOf))
  const changed = expected.filter((option) => !actual.includes(option))
  const dropped = actual.map(nameOf).filter((name) => !expected.map(nameOf).includes(name))
  const words = [
    ...changed.map((option) => `${before.has(nameOf(option)) ? 'set' : 'add'} ${foreignOptions([option])}`),
    ...dropped.map((name) => `drop ${identifier(name)}`),
  ]
  return `options (${words.join(', ')})`
}

function nameOf(option: string): string {
  return option.slice(0, option.indexOf('='))
}
