/** Steps that change an object back to what is expected. Those that only tune, describe, validate or enable are additive. */
import { identifier } from '../../names/identifier.ts'
import { keyOf } from '../render/sql-names.ts'
import type { Change, Outcome } from './change.ts'
import { changedColumn } from './changed-column.ts'
import { changedConstraint, changedFiring, changedIndex, changedPolicy } from './changed-hanging.ts'
import { changedRelation } from './changed-relation.ts'
import { changedCollation, changedRoutine } from './changed-routine.ts'
import { changedAttribute, changedType } from './changed-type.ts'
import type { Found } from './objects.ts'
import { additive, decided } from './repair.ts'
import { addressOf, commentOn } from './sql-parts.ts'
import { step, type Step } from './step.ts'

/** @param found the object as it is expected */
export function changeBack(found: Found, change: Change): Outcome {
  if (change.property === 'comment') return step('comment', {}, additive(commentOn(found, change.expected as string | null)))
  if (change.property === 'dependsOn') return changedExtensions(found, change)
  switch (found.is) {
    case 'relation':
      return changedRelation(found, change)
    case 'column':
      return changedColumn(found, change)
    case 'constraint':
      return changedConstraint(found, change)
    case 'domain constraint':
      return change.property === 'validated' && change.expected === true
        ? step(
            'constraint',
            {},
            additive(
              `alter domain ${identifier(found.type.name)} validate constraint ${identifier(found.constraint.name)}`,
              'scans the table',
            ),
          )
        : 'again'
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
    case 'attribute':
      return changedAttribute(found, change)
    case 'routine':
      return changedRoutine(found, change)
    case 'collation':
      return changedCollation(found, change)
    case 'text search dictionary':
      return changedDictionary(found, change)
    case 'text search configuration':
      return changedMappings(found, change)
    case 'statistics':
      return change.property === 'target'
        ? step('statistics', {}, additive(`alter ${addressOf(found)} set statistics ${change.expected ?? -1}`))
        : 'again'
    default:
      return undefined
  }
}

/** The extensions with which an object is dropped. */
function changedExtensions(found: Found, { expected, actual }: Change): readonly Step[] {
  const [should, is] = [expected as readonly string[], actual as readonly string[]]
  const of = found.is === 'routine' ? addressOf(found).replace(/^aggregate /, 'function ') : addressOf(found)
  const statement = (words: string, extension: string) =>
    decided(`alter ${of} ${words}depends on extension ${identifier(extension)}`)
  return step(
    'state',
    {},
    ...is.filter((one) => !should.includes(one)).map((one) => statement('no ', one)),
    ...should.filter((one) => !is.includes(one)).map((one) => statement('', one)),
  )
}

/** All numbers at once: each must fit the others. */
function changedSequence({ sequence }: Extract<Found, { is: 'sequence' }>, { property, creating }: Change): Outcome {
  const { name, type, increment, minimum, maximum, start, cache, cycle, ownedBy, isIdentity, persistence } = sequence
  const alter = `alter sequence ${identifier(name)}`
  const place = { needs: [keyOf('relation', name)] }
  switch (property) {
    case 'ownedBy':
      // That of an identity column comes and goes with it.
      if (isIdentity) return []
      return step('owned by', place, decided(`${alter} owned by ${ownedBy ?? 'none'}`))
    case 'isIdentity':
      return []
    case 'persistence':
      if (creating.rendering.serverMajor < 15) return undefined
      return step('table', {}, decided(`${alter} set ${persistence === 'unlogged' ? 'unlogged' : 'logged'}`))
    default: {
      const numbers = `increment by ${increment} minvalue ${minimum} maxvalue ${maximum} start with ${start} cache ${cache}`
      return step('sequence', {}, decided(`${alter} as ${type} ${numbers} ${cycle ? 'cycle' : 'no cycle'}`))
    }
  }
}

/** An option that is named without a value gets its default. */
function changedDictionary(
  found: Extract<Found, { is: 'text search dictionary' }>,
  { property, expected, actual }: Change,
): Outcome {
  if (property !== 'options') return 'again'
  const names = [...String(actual ?? '').matchAll(/(\w+) = (?:'(?:[^']|'')*'|\S+)/g)].map(([, name]) => name!)
  const reset = names.filter((name) => !String(expected ?? '').includes(`${name} = `))
  const options = [...(expected === null ? [] : [expected as string]), ...reset]
  return step('text search', {}, decided(`alter ${addressOf(found)} (${options.join(', ')})`))
}

/** Each is like `asciiword with english_stem`: a kind of token, and its dictionaries. */
function changedMappings(
  found: Extract<Found, { is: 'text search configuration' }>,
  { property, expected, actual }: Change,
): Outcome {
  if (property !== 'mappings') return 'again'
  const alter = `alter ${addressOf(found)}`
  const [should, is] = [expected as readonly string[], actual as readonly string[]]
  const before = new Set(is.map(tokenOf))
  const kept = new Set(should.map(tokenOf))
  return step(
    'text search',
    {},
    ...is.filter((one) => !kept.has(tokenOf(one))).map((one) => decided(`${alter} drop mapping for ${tokenOf(one)}`)),
    ...should
      .filter((one) => !is.includes(one))
      .map((one) => decided(`${alter} ${before.has(tokenOf(one)) ? 'alter' : 'add'} mapping for ${one}`)),
  )
}

function tokenOf(mapping: string): string {
  return mapping.slice(0, mapping.indexOf(' with '))
}
