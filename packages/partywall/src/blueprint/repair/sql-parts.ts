/** Names and clauses of the statements that repair. Definitions of a blueprint are SQL already. */
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Blueprint, Relation } from '../blueprint.ts'
import type { Found } from './objects.ts'

/** `alter table` works on each kind of relation but a view; its own words keep a reader from looking for a table. */
export function alter({ kind, name }: Relation): string {
  return `alter ${kind === 'partitioned table' ? 'table' : kind} ${identifier(name)}`
}

function signatureOf({ name }: Blueprint['routines'][number]): string {
  const at = name.indexOf('(')
  return `${identifier(name.slice(0, at))}${name.slice(at)}`
}

/** How COMMENT ON and DROP call an object. */
export function addressOf(found: Found): string {
  switch (found.is) {
    case 'relation':
      return `${found.relation.kind === 'partitioned table' ? 'table' : found.relation.kind} ${identifier(found.relation.name)}`
    case 'column':
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
      return `${found.routine.kind === 'window function' ? 'function' : found.routine.kind} ${signatureOf(found.routine)}`
    case 'statistics':
      return `statistics ${identifier(found.statistics.name)}`
    case 'collation':
    case 'text search dictionary':
    case 'text search configuration':
      return `${found.is} ${identifier(found.name)}`
  }
}

export function commentOn(found: Found, comment: string | null): string {
  return `comment on ${addressOf(found)} is ${comment === null ? 'null' : literal(comment)}`
}

/** Options as the catalog has them, such as `fillfactor=70`: those that are set, and those that are reset because nothing is expected. */
export function optionClauses(expected: readonly string[], actual: readonly string[], prefix = ''): readonly string[] {
  const names = new Set(expected.map((option) => split(option)[0]))
  const set = expected
    .filter((option) => !actual.includes(option))
    .map((option) => {
      const [name, value] = split(option)
      return `${prefix}${identifier(name)} = ${literal(value)}`
    })
  const reset = actual.map((option) => split(option)[0]).filter((name) => !names.has(name))
  return [
    ...(set.length > 0 ? [`set (${set.join(', ')})`] : []),
    ...(reset.length > 0 ? [`reset (${reset.map((name) => `${prefix}${identifier(name)}`).join(', ')})`] : []),
  ]
}

function split(option: string): readonly [name: string, value: string] {
  const at = option.indexOf('=')
  return [option.slice(0, at), option.slice(at + 1)]
}
