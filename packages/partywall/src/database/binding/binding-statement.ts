/** The statement that makes the settings of a binding: `select 1 where set_config(…) is null or …`. It returns no row. */
import type { Setting, SettingChecks } from '../boundary/setting.ts'
import { keyedHash } from './keyed-hash.ts'

/** A binding statement with parameters. */
export interface BindingStatement {
  /** The name under which it may be prepared on a connection of its own. */
  readonly name: string
  readonly text: string
}

/** The statements for all bindings that make the same settings, whatever the values. */
export interface BindingStatements {
  readonly plain: BindingStatement
  /** The same, for a transaction that is open. */
  readonly inside: BindingStatement
  /** The same, which also fails if temporary tables of an earlier binding may be on the connection. */
  readonly handover: BindingStatement
}

const noChecks: SettingChecks = { refusesTemporary: false, inTransaction: false }

const statementsOfShape = new Map<string, BindingStatements>()

/** Made once for each shape, i.e. for each list of settings. */
export function bindingStatements(settings: readonly Setting[]): BindingStatements {
  const shape = settings.map(({ tag }) => (tag === '' ? '' : `_${tag}`)).join('')
  let statements = statementsOfShape.get(shape)
  if (statements === undefined) {
    const withParameters = (name: string, checks: Partial<SettingChecks>): BindingStatement => ({
      name: nameOf(`partywall_${name}${shape}`),
      text: bindingText(settings, parametersOf(settings), { ...noChecks, ...checks }, true),
    })
    statements = {
      plain: withParameters('binding', {}),
      inside: withParameters('inside', { inTransaction: true }),
      handover: withParameters('handover', { refusesTemporary: true }),
    }
    statementsOfShape.set(shape, statements)
  }
  return statements
}

function nameOf(statement: string): string {
  return `${statement}_${keyedHash(statement)}`
}

export interface LiteralOptions {
  /** Whether the settings end with the transaction; otherwise they stay for the session. @default true */
  readonly isLocal?: boolean
}

/** The statement without parameters, for the simple protocol. */
export function bindingLiteralOf(settings: readonly Setting[], { isLocal = true }: LiteralOptions = {}): string {
  const literals = settings.map((setting) => setting.literals())
  return bindingText(settings, literals, { refusesTemporary: false, inTransaction: true }, isLocal)
}

function bindingText(
  settings: readonly Setting[],
  values: readonly (readonly string[])[],
  checks: SettingChecks,
  isLocal: boolean,
): string {
  const conditions = settings.map(
    ({ name, expression }, index) =>
      `pg_catalog.set_config('${name}', ${expression(values[index]!, checks)}, ${isLocal}) is null`,
  )
  return `select 1 where ${conditions.join(' or ')}`
}

/** `$1`, `$2`, … numbered through all settings. */
function parametersOf(settings: readonly Setting[]): string[][] {
  let count = 0
  return settings.map(({ values }) => values.map(() => `$${++count}`))
}
