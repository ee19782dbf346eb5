/**
 * Settings that a file changes. They hold for that file: what follows in the same transaction, the next file or partywall's own statements,
 * gets them back as they were. A setting that would change how the text itself is read, or as whom it runs, is refused.
 */
import { splitStatements, type SqlStatement } from '../../sql/lexer.ts'
import { literal } from '../../sql/literal.ts'
import type { Edits } from '../statements/edits.ts'
import { constantOf } from '../statements/constants.ts'
import { asStatement, likelyText, unknownName } from '../statements/likely-text.ts'
import { embeddedIn } from '../statements/embedded-in.ts'
import { listOf, nodeOf, partsOf, walk, type Fields, type Grammar, type Tree } from '../statements/grammar.ts'
import { settingName } from '../statements/setting-name.ts'

export interface SettingsOf {
  /** The names of the settings that the statement changes. */
  readonly names: readonly string[]
  /** SET CONSTRAINTS: only the end of the transaction brings it back. */
  readonly setsConstraints: boolean
}

/** Whether a statement has to be looked at. */
export function maySet({ tokens, bodies }: SqlStatement): boolean {
  const [verb] = tokens
  if (verb === 'set' || verb === 'reset' || verb === 'discard') return true
  return tokens.includes('set_config') || (verb === 'do' && bodies.some((body) => /\b(?:set|reset|set_config)\b/i.test(body)))
}

/** @param refuse gets the words after "has in line …" */
export function settingsOf(grammar: Grammar, text: string, tree: Tree, refuse: (what: string) => never): SettingsOf {
  if (nodeOf(tree)?.[0] !== 'DoStmt') return settingsOfTree(tree, refuse)
  const inside = embeddedIn(grammar, text).flatMap((statement) => {
    const parsed = grammar.parse(statement.kind === 'statement' ? statement.text : asStatement(statement.text))
    if (parsed === undefined) return []
    return statement.kind === 'dynamic' ? settingsOfDynamic(grammar, parsed, refuse) : [settingsOfTree(parsed, refuse)]
  })
  return {
    names: inside.flatMap(({ names }) => names),
    setsConstraints: inside.some(({ setsConstraints }) => setsConstraints),
  }
}

/** A statement that is put together at run time, as far as it can be known; it may be a DO block in its turn. */
function settingsOfDynamic(grammar: Grammar, expression: Tree, refuse: (what: string) => never): SettingsOf[] {
  const text = likelyText({ tree: expression })
  return splitStatements(text).flatMap(({ start, end }) => {
    const statement = text.slice(start, end)
    const tree = grammar.parse(statement)
    return tree === undefined ? [] : [settingsOf(grammar, statement, tree, refuse)]
  })
}

function settingsOfTree(tree: Tree, refuse: (what: string) => never): SettingsOf {
  const names = new Set<string>()
  let setsConstraints = false
  const set = (name: string, value: string | undefined): void => {
    const problem = refused(name, value)
    if (problem !== undefined) refuse(problem)
    // The search path has rules of its own.
    // A seed cannot be read.
    if (name !== 'search_path' && name !== 'seed' && !name.includes(unknownName)) names.add(name)
  }
  walk(tree, (kind, at) => {
    // The settings of a function hold for its calls.
    if (/^(?:Create|Alter)FunctionStmt$/.test(kind)) return false
    if (kind === 'ConstraintsSetStmt') setsConstraints = true
    if (kind === 'DiscardStmt' && at['target'] !== 'DISCARD_TEMP') refuse(`discard, ${sessionWords}`)
    if (kind === 'VariableSetStmt') {
      if (at['kind'] === 'VAR_SET_MULTI') refuse(multi(String(at['name'])))
      if (at['kind'] !== 'VAR_RESET_ALL') set(settingName(at), valueOf(at))
    }
    if (kind === 'FuncCall' && partsOf(at['funcname']).at(-1) === 'set_config') {
      const [name, value] = listOf(at['args'])
      const constant = constantOf(name)
      if (constant !== undefined) set(constant.toLowerCase(), constantOf(value))
    }
    return undefined
  })
  return { names: [...names], setsConstraints }
}

/** Undefined for a default, and for what is no constant. */
function valueOf(at: Fields): string | undefined {
  const [value] = listOf(at['args'])
  return constantOf(value)
}

/** Why a setting cannot be allowed with this value. */
function refused(name: string, value: string | undefined): string | undefined {
  if (name === 'session_authorization' || name === 'role') {
    return (
      `a change of ${name}: a role that may not use the schema of the tenant would find the shared tables instead. Remove it, and migrate as ` +
      'the role that is meant.'
    )
  }
  if (name === 'standard_conforming_strings' && !/^(?:on|true|yes|1)$/i.test(value ?? '')) {
    return `${name}, which may only be set to on: with another value, PostgreSQL and partywall would read the file in two ways. Remove it.`
  }
  if (name === 'client_encoding' && !/^utf-?8$/i.test(value ?? '')) {
    return `${name}, which may only be set to UTF8: partywall sends the file as UTF-8. Remove it, and store the file as UTF-8.`
  }
  if (name.startsWith('transaction_')) return multi('TRANSACTION')
  return undefined
}

function multi(name: string): string {
  if (name === 'TRANSACTION') {
    return 'set transaction, which must be the first statement of its transaction. Put it in front of all others in the file, or behind BEGIN.'
  }
  return `set ${name.toLowerCase()}, ${sessionWords}`
}

const sessionWords = 'which would change the session for what follows. Remove it.'

/**
 * Makes SET hold for the transaction alone, so that nothing of it stays on the connection. `RESET x` becomes `SET LOCAL x TO DEFAULT`.
 */
export function makeLocal(edits: Pick<Edits, 'replace' | 'insert'>, { tokens, spans, end }: SqlStatement): void {
  const [verb, next] = tokens
  const [first, second] = spans
  if (verb === 'set' && next !== 'local' && next !== 'constraints' && next !== 'transaction') {
    if (next === 'session' && tokens[2] !== 'authorization') edits.replace(second![0], second![1], 'local')
    else edits.insert(first![1], ' local')
  }
  if (verb === 'reset') {
    edits.replace(first![0], first![1], 'set local')
    edits.insert(end, next === 'time' ? ' default' : ' to default')
  }
}

/**
 * Puts statements around a text, on its first line and behind its last one, that keep these settings and bring them back. They are kept in
 * settings of partywall's own.
 */
export function confine(edits: Pick<Edits, 'insert'>, text: string, names: readonly string[]): void {
  const distinct = [...new Set(names)]
  if (distinct.length === 0) return
  edits.insert(0, `select ${distinct.map((name) => copy(kept(name), literal(name))).join(', ')}; `)
  edits.insert(text.length, `\n; select ${distinct.map((name) => copy(literal(name), kept(name))).join(', ')}`)
}

/** A statement that keeps these settings before code changes them. */
export function keepSettings(names: readonly string[]): string {
  return `select ${names.map((name) => copy(kept(name), literal(name))).join(', ')}`
}

/** Brings them back. What was kept behind a savepoint is gone with it, and then the setting is as it was, too. */
export function restoreSettings(names: readonly string[]): string {
  const values = names.map((name) => {
    const value = `coalesce(nullif(pg_catalog.current_setting(${kept(name)}, true), ''), pg_catalog.current_setting(${literal(name)}, true))`
    return `pg_catalog.set_config(${literal(name)}, ${value}, true)`
  })
  return `select ${values.join(', ')}`
}

function copy(to: string, from: string): string {
  return `pg_catalog.set_config(${to}, pg_catalog.current_setting(${from}, true), true)`
}

function kept(name: string): string {
  return literal(`partywall.${name.replaceAll(/[^a-z0-9_]/g, '_')}`)
}

/**
 * A function that is called may change the search path or the role, and the text does not show that. So those of the schema are kept when a
 * transaction starts, and brought back behind each file.
 */
export const keptPath = `${copy(`'partywall.path'`, `'search_path'`)}, ${copy(`'partywall.role'`, `'role'`)}`
export const restorePath = `select ${copy(`'search_path'`, `'partywall.path'`)}, ${copy(`'role'`, `'partywall.role'`)}`
