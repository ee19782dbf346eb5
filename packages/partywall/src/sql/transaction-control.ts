/** Which part a statement has in a transaction, and what follows for a text of several statements that is sent with one binding in front. */
import type { SqlStatement } from './lexer.ts'

export type Control = 'begin' | 'end' | 'savepoint' | 'properties'

const endVerbs = new Set(['commit', 'end', 'rollback', 'abort'])

export function controlOf({ tokens }: SqlStatement): Control | undefined {
  const [verb, next] = tokens as [string, ...string[]]
  if (verb === 'begin' || (verb === 'start' && next === 'transaction')) return 'begin'
  if (verb === 'set' && next === 'transaction') return 'properties'
  if (verb === 'savepoint' || verb === 'release') return 'savepoint'
  if (verb === 'rollback' && tokens.slice(1, 3).includes('to')) return 'savepoint'
  if (verb === 'prepare') return next === 'transaction' ? 'end' : undefined
  return endVerbs.has(verb) ? 'end' : undefined
}

export interface OwnTransaction {
  /** The first word of the first statement that controls the transaction. */
  readonly innerControl: string | undefined
  /** The first word of the one because of which a statement of the text would run without the binding in front of the text. */
  readonly hiddenControl: string | undefined
  /** The text begins a transaction that it does not end. */
  readonly leavesOpen: boolean
  /** The text rolls back what was sent in front of it. */
  readonly mayRollBack: boolean
  /** The text ends a transaction, if it comes so far. */
  readonly mayEnd: boolean
}

export const noOwnTransaction: OwnTransaction = {
  innerControl: undefined,
  hiddenControl: undefined,
  leavesOpen: false,
  mayRollBack: false,
  mayEnd: false,
}

/**
 * The binding in front of a text holds until its transaction ends: PostgreSQL continues the implicit transaction of the text as the explicit
 * one when it meets BEGIN. So only what follows a COMMIT or ROLLBACK is unbound; other statements that control a transaction need no
 * binding. A rollback to a savepoint keeps the binding when the savepoint was set in the same text, behind the binding.
 */
export function ownTransaction(statements: readonly SqlStatement[]): OwnTransaction {
  let innerControl: string | undefined
  let ended: string | undefined
  let mayRollBack = false
  let leavesOpen = false
  const savepoints = new Set<string>()
  for (const statement of statements) {
    const { tokens } = statement
    const verb = tokens[0]!
    const control = controlOf(statement)
    innerControl ??= control && verb
    const hidden = { innerControl: innerControl ?? verb, hiddenControl: verb, leavesOpen: false, mayRollBack: true, mayEnd: true }
    if (control === undefined && ended !== undefined) return { ...hidden, hiddenControl: ended }
    if (control === 'begin') leavesOpen = true
    if (control === 'end') {
      ended = verb
      leavesOpen = tokens.includes('chain') && !tokens.includes('no')
      // PREPARE TRANSACTION leaves open whether it will be committed.
      mayRollBack ||= verb !== 'commit' && verb !== 'end'
    }
    // The binding is a query, and in front of these there must be none.
    if (
      control === 'properties' ||
      (control === 'begin' && tokens.some((token) => token === 'isolation' || token === 'deferrable'))
    )
      return hidden
    if (control === 'savepoint' && verb === 'savepoint') savepoints.add(nameIn(tokens))
    if (control === 'savepoint' && verb === 'release') savepoints.clear()
    if (control === 'savepoint' && verb === 'rollback') {
      const name = nameIn(tokens)
      // One of the same name may be older than the text, once later ones are gone.
      if (name === '"' || !savepoints.has(name)) return hidden
      savepoints.clear()
      savepoints.add(name)
    }
  }
  return { innerControl, hiddenControl: undefined, leavesOpen, mayRollBack, mayEnd: ended !== undefined }
}

function nameIn(tokens: readonly string[]): string {
  return tokens.at(-1)!
}
