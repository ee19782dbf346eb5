/**
 * What a text becomes when its transaction is to be a part of the test's: BEGIN is a savepoint, COMMIT releases it, ROLLBACK goes back to it. The client is told
 * what it asked for. What cannot be so becomes a statement that fails with the reason.
 */
import { literal } from '../../sql/literal.ts'
import { splitStatements, type SqlStatement } from '../../sql/lexer.ts'
import { controlOf } from '../../sql/transaction-control.ts'

/** Around each statement, or each transaction, of a client. */
export const outer = 'partywall_outer'
/** The transaction of a client begins here. */
const inner = 'partywall_inner'
/** Nothing is between this one and what follows: a statement that does nothing. */
const nothing = 'savepoint partywall_nothing'

const refusedCode = 'PWT03'

/** How the client is told that a statement is done. */
export interface Completion {
  /** Absent: as the server says. */
  readonly tag?: string
  /** The client did not send it. */
  readonly isOurs?: true
  /** What the statement does to the client's transaction. */
  readonly effect?: 'begins' | 'ends'
}

export interface ChangedText {
  readonly text: string
  /** One for each statement; undefined: nothing was changed. */
  readonly completions: readonly Completion[] | undefined
}

export interface TextPlace {
  /** The client has begun a transaction. */
  readonly inTransaction: boolean
  readonly isFailed: boolean
  /** The isolation level of the test's transaction. */
  readonly level: IsolationLevel
  /** Checks of constraints that wait for a commit; undefined: the database has no such constraint. */
  readonly deferred: string | undefined
  /** By the extended protocol, where a text is one statement. */
  readonly isExtended: boolean
}

export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable'

const strengths = { 'read uncommitted': 0, 'read committed': 0, 'repeatable read': 1, serializable: 2 } as const

/** A text without any of these words is sent as it is. */
const remarkable = /\b(?:begin|start|commit|end|rollback|abort|savepoint|release|set|listen|prepare|discard|deallocate)\b/i

export function changedText(sql: string, place: TextPlace): ChangedText {
  if (!remarkable.test(sql)) return { text: sql, completions: undefined }
  const statements = splitStatements(sql)
  if (statements.every((statement) => kindOf(statement) === undefined)) return { text: sql, completions: undefined }
  const parts: Part[] = []
  let now = place
  for (const statement of statements) {
    const made = partsOf(statement, sql.slice(statement.start, statement.end), now)
    parts.push(...made)
    for (const { effect } of made) {
      if (effect !== undefined) now = { ...now, inTransaction: effect === 'begins', isFailed: false }
    }
  }
  return { text: parts.map(({ sql: one }) => one).join(';\n'), completions: parts }
}

type Part = Completion & { readonly sql: string }

function kindOf(statement: SqlStatement): 'begin' | 'end' | 'savepoint' | 'properties' | 'listen' | 'discard' | undefined {
  const [verb, next] = statement.tokens
  if (verb === 'listen') return 'listen'
  if (verb === 'discard' && next === 'all') return 'discard'
  return controlOf(statement)
}

function partsOf(statement: SqlStatement, sql: string, place: TextPlace): Part[] {
  switch (kindOf(statement)) {
    case 'begin':
      return beginning(statement.tokens, sql, place)
    case 'end':
      return ending(statement.tokens, place)
    case 'savepoint':
      return place.inTransaction ? [{ sql }] : [failure('A savepoint needs a transaction, and none was begun.', '25P01')]
    case 'properties':
      return settingProperties(statement.tokens, sql, place)
    case 'listen':
      return [refusal('LISTEN takes effect when a transaction is committed, and that of a test never is')]
    case 'discard':
      return [refusal('DISCARD ALL cannot run inside of a transaction')]
    case undefined:
      return [{ sql }]
  }
}

function beginning(tokens: readonly string[], sql: string, place: TextPlace): Part[] {
  // As PostgreSQL does: a warning, or the failure of a failed transaction.
  if (place.inTransaction) return [{ sql }]
  const tooStrong = strongerThan(tokens, place.level)
  if (tooStrong !== undefined) return [tooStrong]
  const begin: Part = { sql: `savepoint ${inner}`, tag: 'BEGIN', effect: 'begins' }
  if (!isReadOnly(tokens)) return [begin]
  if (place.isExtended) return [refusal('BEGIN READ ONLY with parameters is two statements there')]
  return [begin, { sql: 'set transaction read only', isOurs: true }]
}

function ending(tokens: readonly string[], place: TextPlace): Part[] {
  const [verb] = tokens
  if (verb === 'prepare' || tokens.includes('prepared')) return [refusal('a prepared transaction would outlive the test')]
  if (tokens.includes('chain') && !tokens.includes('no')) return [refusal('AND CHAIN is not known there: begin the next one')]
  const isRollback = verb === 'rollback' || verb === 'abort'
  if (!place.inTransaction) return [{ sql: nothing, tag: isRollback ? 'ROLLBACK' : 'COMMIT' }]
  // The tag of both is ROLLBACK, as it is for a COMMIT of a failed transaction.
  if (isRollback || place.isFailed) return [{ sql: `rollback to savepoint ${inner}`, effect: 'ends' }]
  const released: Part = { sql: `release savepoint ${inner}`, tag: 'COMMIT', effect: 'ends' }
  if (place.isExtended) return [released]
  const checks = place.deferred === undefined ? [] : checked(place.deferred)
  // What follows in the text must not undo what is committed.
  return [...checks, released, ours(`release savepoint ${outer}`), ours(`savepoint ${outer}`)]
}

/** A failure of the check is one of the commit, so the transaction is over then. */
function checked(deferred: string): Part[] {
  const parts: Part[] = [{ sql: 'set constraints all immediate', isOurs: true, effect: 'ends' }]
  if (deferred !== '') parts.push({ sql: `set constraints ${deferred} deferred`, isOurs: true, effect: 'ends' })
  return parts
}

function settingProperties(tokens: readonly string[], sql: string, place: TextPlace): Part[] {
  const tooStrong = strongerThan(tokens, place.level)
  if (tooStrong !== undefined) return [tooStrong]
  if (!tokens.includes('isolation')) return [{ sql }]
  if (isReadOnly(tokens)) return [{ sql: 'set transaction read only' }]
  return [{ sql: nothing, tag: 'SET' }]
}

function strongerThan(tokens: readonly string[], level: IsolationLevel): Part | undefined {
  const at = tokens.indexOf('level')
  if (tokens[at - 1] !== 'isolation') return undefined
  const [first = '', second = ''] = tokens.slice(at + 1, at + 3)
  const wanted = (first === 'serializable' ? first : `${first} ${second}`) as keyof typeof strengths
  if (!(wanted in strengths) || strengths[wanted] <= strengths[level]) return undefined
  return refusal(
    `the isolation level ${wanted.toUpperCase()} can only be set at the start of a transaction, and that of the test has begun as ${level.toUpperCase()}`,
    `Begin it with the option isolationLevel: '${wanted}', or give the test a tenant of its own.`,
  )
}

function isReadOnly(tokens: readonly string[]): boolean {
  return tokens.some((token, index) => token === 'only' && tokens[index - 1] === 'read')
}

function ours(sql: string): Part {
  return { sql, isOurs: true }
}

const otherMode = 'Give this test a tenant of its own: the mode "tenant" of partywall/testing.'

function refusal(reason: string, advice = otherMode): Part {
  return failure(`This cannot be done in the transaction of a test: ${reason}. ${advice}`, refusedCode)
}

/** A statement that fails, wherever it stands. */
function failure(message: string, code: string): Part {
  const raised = `raise exception using errcode = ${literal(code)}, message = ${literal(message)}`
  return { sql: `do ${literal(`begin ${raised}; end`)}` }
}

/** Why PostgreSQL refuses a statement inside of a transaction, in words of the test. */
export function inTestWords(said: string): string {
  return `${said}. All statements of a test run in one transaction. ${otherMode}`
}

/** After a statement outside of the client's transactions: what deferred constraints say at a commit. */
export function commitCheck(deferred: string | undefined): string {
  return deferred === undefined
    ? ''
    : `${checked(deferred)
        .map(({ sql }) => sql)
        .join('; ')}; `
}
