/**
 * What a statement leaves on the session for its next user, as far as its text shows. In doubt it leaves something.
 * `test/isolation/left-behind.test.ts` runs each kind of statement, and then looks at the session.
 */
import { leftByBlock } from './block-body.ts'
import type { SqlStatement } from './lexer.ts'

/** Functions that leave something on the session, also when their transaction is over. */
const leavingFunctions: Record<string, string> = {
  set_config: 'a setting of the session',
  set_limit: 'a setting of the session',
  setseed: 'a random seed',
  pg_advisory_lock: 'an advisory lock of the session',
  pg_advisory_lock_shared: 'an advisory lock of the session',
  pg_try_advisory_lock: 'an advisory lock of the session',
  pg_try_advisory_lock_shared: 'an advisory lock of the session',
  pg_replication_origin_session_setup: 'a replication origin',
  pg_create_physical_replication_slot: 'a replication slot',
  pg_create_logical_replication_slot: 'a replication slot',
  pg_copy_physical_replication_slot: 'a replication slot',
  pg_copy_logical_replication_slot: 'a replication slot',
  pg_backup_start: 'a running backup',
  pg_start_backup: 'a running backup',
  // These run a query that they are given as text.
  query_to_xml: 'what its query may have left',
  query_to_xmlschema: 'what its query may have left',
  query_to_xml_and_xmlschema: 'what its query may have left',
  ts_stat: 'what its query may have left',
  ts_rewrite: 'what its query may have left',
}

/** A text without any of these words, and without an unusual verb, leaves nothing. Grouped by their start, which is faster to search. */
export const leavingWords: readonly string[] = groupedByPrefix('pg_', [
  'temp',
  'temporary',
  'pg_temp\\w*',
  'pg_settings',
  'dblink_connect\\w*',
  ...Object.keys(leavingFunctions),
])

function groupedByPrefix(prefix: string, words: readonly string[]): string[] {
  const others = words.filter((word) => !word.startsWith(prefix))
  const rests = words.filter((word) => word.startsWith(prefix)).map((word) => word.slice(prefix.length))
  return [...others, `${prefix}(?:${rests.join('|')})`]
}

export function leftBy(statement: SqlStatement): string | undefined {
  const { tokens, bodies } = statement
  return leftByVerb(tokens, bodies) ?? leftByTemporary(tokens) ?? leftByCalls(statement)
}

function leftByVerb(tokens: readonly string[], bodies: readonly string[]): string | undefined {
  const [verb, next] = tokens as [string, ...string[]]
  switch (verb) {
    case 'set':
      if (next === 'local' || next === 'transaction' || next === 'constraints') return undefined
      return 'a setting of the session'
    // It undoes what `onConnect` has set for all tenants.
    case 'reset':
      return 'the effect of RESET'
    case 'listen':
      return 'a LISTEN'
    case 'prepare':
      return next === 'transaction' ? undefined : 'a prepared statement'
    // It removes statements that node-postgres believes to be prepared.
    case 'deallocate':
      return 'the effect of DEALLOCATE'
    case 'discard':
      return next === 'all' ? 'the effect of DISCARD' : undefined
    case 'load':
      return 'the effect of LOAD'
    case 'declare':
      return tokens.some((token, index) => token === 'hold' && tokens[index - 1] === 'with') ? 'a cursor WITH HOLD' : undefined
    case 'do':
      return leftByBlock(tokens, bodies, leftBy)
    case 'import':
      return tokens.at(-1)?.startsWith('pg_temp') ? 'a temporary table' : undefined
    default:
      return undefined
  }
}

/**
 * Behind a pooler, these bring the session of the pooler back towards what it was at first, so there is nothing that its next user would
 * find. On a connection of its own, they undo what was prepared on it.
 */
export function onlyClears({ tokens: [verb, next] }: SqlStatement): boolean {
  if (verb === 'deallocate') return true
  return verb === 'reset' && !notReset.has(next ?? '')
}

/** A pooler may have set these for all its clients when it connected. */
const notReset = new Set(['all', 'role', 'session', 'search_path', '"'])

const beforeTemporary = new Set(['or', 'replace', 'global', 'local'])

/** True for a statement that creates something in the temporary schema, which the session then has until its end. */
export function makesTemporary(tokens: readonly string[]): boolean {
  return temporaryObject(tokens) !== undefined
}

function leftByTemporary(tokens: readonly string[]): string | undefined {
  return temporaryObject(tokens) === 'stays' ? 'a temporary table' : undefined
}

function temporaryObject(tokens: readonly string[]): 'stays' | 'ends with its transaction' | undefined {
  let creates = false
  for (const [index, token] of tokens.entries()) {
    if (token === 'create') {
      creates = true
      let at = index + 1
      while (beforeTemporary.has(tokens[at]!)) at += 1
      if (isTemporary(tokens[at])) return isDroppedOnCommit(tokens) ? 'ends with its transaction' : 'stays'
    } else if (token === 'into' && tokens[index - 1] !== 'insert' && tokens[index - 1] !== 'merge') {
      creates = true
      if (isTemporary(tokens[beforeTemporary.has(tokens[index + 1]!) ? index + 2 : index + 1])) return 'stays'
    } else if (creates && isTemporarySchema(token) && (tokens[index + 1] === '.' || tokens[index - 1] === 'schema')) {
      return 'stays'
    }
  }
  return undefined
}

function isTemporary(token: string | undefined): boolean {
  return token === 'temp' || token === 'temporary'
}

function isTemporarySchema(token: string): boolean {
  return /^pg_temp(?:_\d+)?$/.test(token)
}

function isDroppedOnCommit(tokens: readonly string[]): boolean {
  return tokens.some((token, index) => token === 'drop' && tokens[index - 1] === 'commit' && tokens[index - 2] === 'on')
}

/** `set_config(…, true)` is local to its transaction. */
function leftByCalls({ tokens, spans }: SqlStatement): string | undefined {
  /** For each parenthesis that is open, whether it holds the arguments of set_config. */
  const open: boolean[] = []
  let updates = false
  let settings = false
  for (const [index, token] of tokens.entries()) {
    if (token === '(') {
      const called = tokens[index - 1] ?? ''
      open.push(called === 'set_config')
      if (called !== 'set_config' && Object.hasOwn(leavingFunctions, called)) return leavingFunctions[called]
      if (called.startsWith('dblink_connect')) return 'a dblink connection'
    } else if (token === ')') {
      if (open.pop() && !endsInTrue(tokens, spans, index)) return leavingFunctions.set_config
    }
    updates ||= token === 'update'
    settings ||= token === 'pg_settings'
  }
  // An update of this view is a SET; `explain analyze` runs it as well.
  if (open.includes(true) || (updates && settings)) return leavingFunctions.set_config
  return undefined
}

/** The word, and not a column of that name, which would be longer by its quotes. */
function endsInTrue(tokens: readonly string[], spans: SqlStatement['spans'], end: number): boolean {
  const [start, stop] = spans[end - 1]!
  return tokens[end - 1] === 'true' && stop - start === 'true'.length && tokens[end - 2] === ','
}
