/** Checks of single values of a config. Each returns the value with its type, or throws INVALID_OPTION with the name of the option. */
import { TenancyError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { seen } from '../seen.ts'
import { assertWholeNumber } from '../whole-number.ts'

/** @param prefix of the names of these options, e.g. `pool.` */
export function knownKeys(prefix: string, part: unknown, known: readonly string[]): void {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) {
    throw prefix === '' ? notAllowed('The config', '', part, 'an object') : invalid(prefix.slice(0, -1), part, 'an object')
  }
  const unknown = Object.keys(part).find((key) => !known.includes(key))
  if (unknown === undefined) return
  const isModule = prefix === '' && 'default' in part
  if (isModule) {
    throw new TenancyError(
      'INVALID_OPTION',
      'The config is the module of a config file. Give its default export: import config from …, or (await import(…)).default.',
      { details: { option: 'default' } },
    )
  }
  const suggestion = nearest(unknown, known)
  throw new TenancyError(
    'INVALID_OPTION',
    `There is no option ${JSON.stringify(prefix + unknown)}. ` +
      (suggestion ? `Did you mean ${JSON.stringify(prefix + suggestion)}?` : `The options here are: ${known.join(', ')}.`),
    { details: { option: prefix + unknown, nearest: suggestion } },
  )
}

/**
 * Refuses an option that is written and undefined, where the default would lead to other data: the variable that it is read from is not
 * set, or a bundler does not know it.
 * @param advice by the name of the option: a sentence
 */
export function definedIfGiven(prefix: string, part: object, advice: Readonly<Record<string, string>>): void {
  for (const [name, sentence] of Object.entries(advice)) {
    if (!Object.hasOwn(part, name) || (part as Record<string, unknown>)[name] !== undefined) continue
    const option = prefix + name
    throw new TenancyError(
      'INVALID_OPTION',
      `The option "${option}" is given, and undefined; the default would be used without a notice. ${sentence}`,
      { details: { option } },
    )
  }
}

export function text(option: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw invalid(option, value, 'text')
}

export function boolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(option, value, 'true or false')
}

export function wholeNumber(option: string, value: unknown, least: number, most?: number): number {
  assertWholeNumber('INVALID_OPTION', `The option "${option}"`, option, value, { least, ...(most !== undefined && { most }) })
  return value
}

export function list(option: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return [...value]
  throw invalid(option, value, 'a list')
}

export function oneOf<const T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T
  throw invalid(option, value, allowed.map((item) => `'${item}'`).join(' or '))
}

/** @param allowed what the option may be, as the end of the sentence "must be …" */
export function invalid(option: string, value: unknown, allowed: string): TenancyError {
  return notAllowed(`The option "${option}"`, option, value, allowed)
}

/** Text in the wrong place may be a connection string with a password: the message says only that it is text. */
function notAllowed(what: string, option: string, value: unknown, allowed: string): TenancyError {
  return new TenancyError('INVALID_OPTION', `${what} must be ${allowed}; it is ${seen(value)}.`, { details: { option } })
}
