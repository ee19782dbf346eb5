/** The errors about settings. A message holds names and never values; where a schema repeats a secret in a message of its own, that message is left out. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { TenancyError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { seen } from '../seen.ts'
import { secrecyOf } from './secret-keys.ts'

export interface Issue {
  readonly path: readonly string[]
  readonly message: string
}

/**
 * The issues of a schema, fit to be shown.
 * @param texts of the secrets that were validated
 */
export function shownIssues(
  issues: readonly StandardSchemaV1.Issue[],
  secrets: readonly string[],
  texts: readonly string[],
): readonly Issue[] {
  return issues.map(({ path = [], message }) => {
    const names = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment))
    const mayQuote = secrecyOf(names, secrets) === 'secret' || texts.some((text) => text !== '' && message.includes(text))
    return {
      path: names,
      message: mayQuote ? 'does not fit (the message of the schema may hold a secret, and is not shown)' : message,
    }
  })
}

export function invalidSettings(issues: readonly Issue[]): TenancyError {
  return new TenancyError(
    'INVALID_SETTINGS',
    `The settings do not fit, so nothing was changed. ${listed(issues)}. They are validated as a whole by the option settings.schema, with the defaults.`,
    { details: { issues } },
  )
}

/** What is stored, with the defaults, is not valid any more. */
export function doesNotFit(schema: string, issues: readonly Issue[]): TenancyError {
  return new TenancyError(
    'SETTINGS_UNREADABLE',
    `The settings of the tenant ${JSON.stringify(schema)} do not fit the option settings.schema. ${listed(issues)}. Set what is missing or wrong, give it a ` +
      'default in settings.defaults, or let the schema accept what is stored.',
    { details: { schema, reason: 'does not fit', keys: issues.map(({ path }) => path.join('.')) } },
  )
}

function listed(issues: readonly Issue[]): string {
  const shown = issues.slice(0, 10).map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`)
  return `${shown.join('; ')}${issues.length > shown.length ? `; and ${issues.length - shown.length} more` : ''}`
}

/** @param known the names that the group has */
export function unknownSetting(what: string, key: string, known: readonly string[]): TenancyError {
  const at = key.lastIndexOf('.') + 1
  const close = nearest(key.slice(at), known)
  const suggestion = close === undefined ? undefined : key.slice(0, at) + close
  return new TenancyError(
    'INVALID_ARGUMENT',
    `${what} does not know the setting ${seen(key, 'quoted')}: the option settings.schema leaves it out. ` +
      (suggestion === undefined ? `It has here: ${known.join(', ') || 'none'}.` : `Did you mean ${JSON.stringify(suggestion)}?`),
    { details: { what, option: key.slice(0, 60), nearest: suggestion } },
  )
}

export function invalidArgument(what: string, option: string, problem: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `${what} ${problem}`, { details: { what, option } })
}

export function optionMissing(): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    'The config has no option "settings", which says what a tenant may be configured with. Add settings: { schema } to it.',
    { details: { option: 'settings' } },
  )
}
