/**
 * What partywall must know about the text of a statement before it is bound: whether it is one statement or several, whether it controls
 * a transaction, and whether it leaves something on the connection that the next tenant would find.
 */
import { BoundedMap } from '../bounded-map.ts'
import { splitStatements, type SqlStatement } from './lexer.ts'

export interface StatementFacts {
  /** The text has several statements, which can only be sent by the simple protocol. */
  readonly isMany: boolean
  /** The one statement controls a transaction: it begins or ends it, handles a savepoint, or sets its properties. It is sent as it is. */
  readonly control: 'begin' | 'end' | 'savepoint' | 'properties' | undefined
  /** The first word of the one among several statements that controls a transaction: the statements after it would run unbound. */
  readonly hiddenControl: string | undefined
  /** CALL and DO may commit in the middle, which would end the binding: they must run where PostgreSQL refuses that. */
  readonly mayCommit: boolean
  /** The statement takes no snapshot, and a query before it in its transaction would change what it means (LOCK TABLE). */
  readonly needsNoSnapshot: boolean
  /** The statement resolves no names (SHOW, SET LOCAL). In a transaction it is sent as it is: a query before it would fix the snapshot. */
  readonly namesNothing: boolean
  /** What the statement leaves on the connection, in words; the connection is then destroyed instead of reused. */
  readonly leaves: string | undefined
  /** The statement removes prepared statements, also those of the binding. */
  readonly forgetsPrepared: boolean
  /** The statement reads the state of the session (lastval), which may be another tenant's. */
  readonly asksSession: string | undefined
}

const plain: StatementFacts = Object.freeze({
  isMany: false,
  control: undefined,
  hiddenControl: undefined,
  mayCommit: false,
  needsNoSnapshot: false,
  namesNothing: false,
  leaves: undefined,
  forgetsPrepared: false,
  asksSession: undefined,
})

const endVerbs = new Set(['commit', 'end', 'rollback', 'abort'])
const remarkableVerbs = new Set([
  ...endVerbs,
  'begin',
  'start',
  'savepoint',
  'release',
  'set',
  'reset',
  'listen',
  'prepare',
  'deallocate',
  'discard',
  'load',
  'declare',
  'lock',
  'show',
  'call',
  'do',
  'create',
])
const remarkableWords =
  /\b(?:temp|temporary|pg_temp|pg_settings|set_config|pg_advisory_lock\w*|pg_try_advisory_lock\w*|lastval|setseed|dblink_connect\w*)\b/i

const mayLeave = new RegExp(`${remarkableWords.source}|\\b(?:set|reset|listen|prepare|load|execute|declare)\\b`, 'i')

/** The first word of the text. Most texts need no closer look: one statement, an unremarkable verb, no remarkable word. */
const simpleStart = /^\s*\(*\s*([a-z]+)/i

/** A text with its facts. They are looked up once for each statement and handed down with it. */
export interface ExaminedText {
  readonly text: string
  readonly facts: StatementFacts
}

/** Bytes of all texts that are kept, with what belongs to them: a few thousand texts of common length. */
const maxBytes = 2 * 1024 * 1024
/** Bytes of an entry beside its text, whose characters take two bytes at most. */
const entryBytes = 250
const examined = new BoundedMap<string, ExaminedText>(maxBytes)

/** A longer text comes many times in a row, such as one migration for schema after schema: only the last one is kept. */
const longText = 10_000
/** A text of more characters than this is never kept. */
const longestText = 5_000_000
let lastLong: ExaminedText | undefined

/** A new text costs microseconds, a text that was seen before one lookup in a bounded cache. */
export function examine(text: string): ExaminedText {
  if (text.length > longText) return examineLong(text)
  const known = examined.get(text)
  if (known !== undefined) return known
  const fresh = { text, facts: factsOf(text) }
  examined.set(text, fresh, entryBytes + 2 * text.length)
  return fresh
}

function examineLong(text: string): ExaminedText {
  if (text === lastLong?.text) return lastLong
  const fresh = { text, facts: factsOf(text) }
  if (text.length <= longestText) lastLong = fresh
  return fresh
}

export function statementFacts(text: string): StatementFacts {
  return examine(text).facts
}

/**
 * The facts of a text of several statements of which all except `foreign` are partywall's own, which leave nothing and control no
 * transaction. Many schemas get the same foreign text between different ones of ours: it is examined once.
 */
export function statementFactsAround(foreign: string): StatementFacts {
  return statementFacts(`${foreign}\n;\nselect 1`)
}

function isPlain(text: string): boolean {
  const verb = simpleStart.exec(text)?.[1]
  if (verb === undefined || remarkableVerbs.has(verb.toLowerCase())) return false
  const semicolon = text.indexOf(';')
  if (semicolon !== -1 && text.slice(semicolon + 1).trim() !== '') return false
  return !remarkableWords.test(text)
}

function factsOf(text: string): StatementFacts {
  if (isPlain(text)) return plain
  const statements = splitStatements(text)
  const controls = statements.map(controlOf)
  const isMany = statements.length > 1
  return Object.freeze({
    isMany,
    control: isMany ? undefined : controls[0],
    hiddenControl: isMany ? statements[controls.findIndex((control) => control !== undefined)]?.tokens[0] : undefined,
    mayCommit: !isMany && (statements[0]?.tokens[0] === 'call' || statements[0]?.tokens[0] === 'do'),
    needsNoSnapshot: !isMany && statements[0]?.tokens[0] === 'lock',
    namesNothing: !isMany && statements.every(namesNothing),
    leaves: statements.map(leftBy).find((left) => left !== undefined),
    forgetsPrepared: statements.some(({ tokens: [verb] }) => verb === 'deallocate' || verb === 'discard'),
    asksSession: statements.some((statement) => calls(statement, 'lastval')) ? 'lastval()' : undefined,
  })
}

function controlOf({ tokens }: SqlStatement): StatementFacts['control'] {
  const [verb, next] = tokens as [string, ...string[]]
  if (verb === 'begin' || (verb === 'start' && next === 'transaction')) return 'begin'
  if (verb === 'set' && next === 'transaction') return 'properties'
  if (verb === 'savepoint' || verb === 'release') return 'savepoint'
  if (verb === 'rollback' && tokens.slice(1, 3).includes('to')) return 'savepoint'
  if (verb === 'prepare') return next === 'transaction' ? 'end' : undefined
  return endVerbs.has(verb) ? 'end' : undefined
}

function leftBy(statement: SqlStatement): string | undefined {
  const { tokens } = statement
  const [verb, next] = tokens as [string, ...string[]]
  const isLocal = next === 'local' || next === 'transaction' || next === 'constraints'
  if ((verb === 'set' && !isLocal) || verb === 'reset') return 'a setting of the session'
  if (verb === 'listen') return 'a LISTEN'
  if (verb === 'prepare' && next !== 'transaction') return 'a prepared statement'
  if (verb === 'deallocate' || verb === 'discard' || verb === 'load') return `the effect of ${verb.toUpperCase()}`
  if (verb === 'declare' && tokens.includes('hold')) return 'a cursor WITH HOLD'
  if (makesTemporary(tokens)) return 'a temporary table'
  if (calls(statement, 'set_config') && !setsLocally(tokens)) return 'a setting of the session'
  for (const lock of ['pg_advisory_lock', 'pg_advisory_lock_shared', 'pg_try_advisory_lock', 'pg_try_advisory_lock_shared']) {
    if (calls(statement, lock)) return 'an advisory lock of the session'
  }
  if (calls(statement, 'setseed')) return 'a random seed'
  if (tokens.some((token) => token.startsWith('dblink_connect'))) return 'a dblink connection'
  // An update of this view is a SET; `explain analyze` runs it as well.
  if (tokens.includes('update') && tokens.includes('pg_settings')) return 'a setting of the session'
  // The body of a DO block is only text here: any word in it that might leave something counts.
  if (verb === 'do' && statement.bodies.some((body) => mayLeave.test(body))) return 'what its body may have left'
  return undefined
}

function namesNothing({ tokens: [verb, next] }: SqlStatement): boolean {
  return verb === 'show' || (verb === 'set' && next === 'local')
}

function makesTemporary(tokens: readonly string[]): boolean {
  if (tokens.includes('pg_temp')) return true
  // `explain analyze create temp table … as` creates it.
  const create = tokens[0] === 'explain' ? tokens.indexOf('create') : 0
  if (tokens[create] === 'create') {
    const object = tokens.findIndex((token) => token === 'table' || token === 'view' || token === 'sequence')
    return tokens.slice(create + 1, Math.max(object, create + 1)).some(isTemporary)
  }
  return tokens.some((token, index) => token === 'into' && tokens.slice(index + 1, index + 3).some(isTemporary))
}

function isTemporary(token: string): boolean {
  return token === 'temp' || token === 'temporary'
}

function calls({ tokens }: SqlStatement, name: string): boolean {
  return tokens.some((token, index) => token === name && tokens[index + 1] === '(')
}

/** True when every set_config in the statement ends in a literal `true`: local to the transaction. */
function setsLocally(tokens: readonly string[]): boolean {
  return tokens.every((token, index) => {
    if (token !== 'set_config') return true
    let depth = 0
    for (let at = index + 1; at < tokens.length; at++) {
      if (tokens[at] === '(') depth += 1
      if (tokens[at] === ')') depth -= 1
      if (depth === 0) return tokens[at - 1] === 'true' && tokens[at - 2] === ','
    }
    return false
  })
}
