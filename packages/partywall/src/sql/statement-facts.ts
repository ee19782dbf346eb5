/**
 * What partywall must know about the text of a statement before it is bound: whether it is one statement or several, whether it controls
 * a transaction, and whether it leaves something on the connection that the next tenant would find.
 */
import { BoundedMap } from '../bounded-map.ts'
import { leavingWords, leftBy, makesTemporary, onlyClears } from './left-behind.ts'
import { leavesRole } from './leaves-role.ts'
import { splitStatements, type SqlStatement } from './lexer.ts'
import { controlOf, noOwnTransaction, ownTransaction, type Control } from './transaction-control.ts'

export interface StatementFacts {
  /** The text has several statements, which can only be sent by the simple protocol. */
  readonly isMany: boolean
  /** The one statement controls a transaction: it begins or ends it, handles a savepoint, or sets its properties. It is sent as it is. */
  readonly control: Control | undefined
  /** The first word of the first of several statements that controls a transaction. */
  readonly innerControl: string | undefined
  /** The first word of the one of them because of which a statement of the text would run unbound. */
  readonly hiddenControl: string | undefined
  /** A text of several statements that begins a transaction and does not end it. */
  readonly leavesOpen: boolean
  /** A text of several statements that rolls back what was sent in front of it. */
  readonly mayRollBack: boolean
  /** A text of several statements that ends a transaction, if it comes so far. */
  readonly mayEnd: boolean
  /**
   * Outside of a transaction the statement has no effect, and PostgreSQL refuses it. PostgreSQL 18 would not: it takes a batch with a binding
   * for a transaction.
   */
  readonly needsTransaction: string | undefined
  /** CALL and DO may commit in the middle, which would end the binding: they must run where PostgreSQL refuses that. */
  readonly mayCommit: boolean
  /** The statement needs its tenant's path but no snapshot, which a query before it in its transaction would fix (LOCK TABLE, SHOW search_path). */
  readonly needsNoSnapshot: boolean
  /** The statement resolves no names (SHOW, SET LOCAL). In a transaction it is sent as it is: a query before it would fix the snapshot. */
  readonly namesNothing: boolean
  /** What the statement leaves on the connection, in words; the connection is then destroyed instead of reused. */
  readonly leaves: string | undefined
  /** What it leaves is harmless behind a pooler: there the session comes closer to what it was at first. */
  readonly onlyClears: boolean
  /** The statement makes a temporary table, also one that ends with its transaction: the session keeps the schema for it. */
  readonly makesTemporary: boolean
  /** The statement removes prepared statements, also those of the binding. */
  readonly forgetsPrepared: boolean
  /** How the text could leave the role that it runs as: "DO". */
  readonly leavesRole: string | undefined
  /** The statement reads a number of the session (lastval, currval), which may be another tenant's. */
  readonly asksSession: string | undefined
}

const plain: StatementFacts = Object.freeze({
  isMany: false,
  control: undefined,
  ...noOwnTransaction,
  needsTransaction: undefined,
  mayCommit: false,
  needsNoSnapshot: false,
  namesNothing: false,
  leaves: undefined,
  onlyClears: false,
  makesTemporary: false,
  forgetsPrepared: false,
  leavesRole: undefined,
  asksSession: undefined,
})

const remarkableVerbs = new Set([
  'commit',
  'end',
  'rollback',
  'abort',
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
  'alter',
])
/** `U&"…"` may hide any of the others. */
const remarkableWords = new RegExp(`\\b(?:${[...leavingWords, 'lastval', 'currval'].join('|')})\\b|\\bu&"`, 'i')

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
  const facts = statementFacts(`select 1;\n${foreign}\n;\nselect 1`)
  // A BEGIN that is not ended would leave our own statements uncommitted.
  return facts.innerControl === undefined ? facts : { ...facts, hiddenControl: facts.hiddenControl ?? facts.innerControl }
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
  const [first] = statements
  const isMany = statements.length > 1
  const left = statements.map(leftBy)
  return Object.freeze({
    isMany,
    control: isMany || first === undefined ? undefined : controlOf(first),
    ...(isMany ? ownTransaction(statements) : noOwnTransaction),
    needsTransaction: isMany ? undefined : transactionNeededBy(first),
    mayCommit: !isMany && (first?.tokens[0] === 'call' || first?.tokens[0] === 'do'),
    needsNoSnapshot: !isMany && (first?.tokens[0] === 'lock' || showsPath(first)),
    namesNothing: !isMany && statements.every(namesNothing),
    leaves: left.find((one) => one !== undefined),
    onlyClears: statements.every((statement, index) => left[index] === undefined || onlyClears(statement)),
    makesTemporary: statements.some(({ tokens }) => makesTemporary(tokens)),
    forgetsPrepared: statements.some(
      ({ tokens: [verb, next] }) => verb === 'deallocate' || (verb === 'discard' && next === 'all'),
    ),
    leavesRole: leavesRole(statements),
    asksSession: asked(statements),
  })
}

function transactionNeededBy(statement: SqlStatement | undefined): string | undefined {
  if (statement?.tokens[0] === 'lock') return 'LOCK TABLE'
  return statement?.tokens[0] === 'declare' && leftBy(statement) === undefined ? 'DECLARE CURSOR' : undefined
}

/** SHOW and SET LOCAL resolve no names. */
function namesNothing(statement: SqlStatement): boolean {
  const [verb, next] = statement.tokens
  return (verb === 'show' && !showsPath(statement)) || (verb === 'set' && next === 'local')
}

function showsPath(statement: SqlStatement | undefined): boolean {
  const [verb, name] = statement?.tokens ?? []
  return verb === 'show' && (name === 'search_path' || name === 'all')
}

function asked(statements: readonly SqlStatement[]): string | undefined {
  for (const { tokens } of statements) {
    const called = tokens.find((token, at) => (token === 'lastval' || token === 'currval') && tokens[at + 1] === '(')
    if (called !== undefined) return `${called}()`
  }
  return undefined
}
