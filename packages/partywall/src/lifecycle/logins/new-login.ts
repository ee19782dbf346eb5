/** The options of a new login for a customer's own tool, checked. */
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { seen } from '../../seen.ts'
import { assertWholeNumber, mostTimeoutMs } from '../../whole-number.ts'

export interface NewLogin {
  /** The name for people, 1 to 40 characters. @default 'read-only' */
  readonly name?: string | undefined
  /** After this time it can open no connection. In milliseconds, from a minute to ten years. @default never */
  readonly expiresInMs?: number | undefined
  /** The most connections at a time. 1 to 100. @default 3 */
  readonly connections?: number | undefined
  /** The server ends a statement after this time, unless the customer sets another one. In milliseconds, 1 or more. @default 30000 */
  readonly statementTimeoutMs?: number | undefined
  /** The most disk that the temporary files of one session take. In kB, 64 or more; only a superuser can set it. @default 1048576 */
  readonly tempFileLimitKb?: number | undefined
  /** Whether it also reads the shared schema. @default false */
  readonly shared?: boolean | undefined
}

export interface CheckedLogin {
  readonly name: string
  readonly expiresInMs: number | undefined
  readonly connections: number
  readonly statementTimeoutMs: number
  readonly tempFileLimitKb: number
  readonly shared: boolean
}

const tenYearsMs = 10 * 366 * 86_400_000

/** @throws TenancyError INVALID_ARGUMENT */
export function checkedLogin(given: NewLogin): CheckedLogin {
  const keys = ['name', 'expiresInMs', 'connections', 'statementTimeoutMs', 'tempFileLimitKb', 'shared'] as const
  assertKnownKeys('logins.create', given, keys)
  const {
    name = 'read-only',
    expiresInMs,
    connections = 3,
    statementTimeoutMs = 30_000,
    tempFileLimitKb = 1_048_576,
    shared = false,
  } = given
  const number = (option: keyof NewLogin, value: unknown, least: number, most: number): void =>
    assertWholeNumber('INVALID_ARGUMENT', `"${option}" of logins.create`, option, value, { least, most })
  if (expiresInMs !== undefined) number('expiresInMs', expiresInMs, 60_000, tenYearsMs)
  number('connections', connections, 1, 100)
  number('statementTimeoutMs', statementTimeoutMs, 1, mostTimeoutMs)
  number('tempFileLimitKb', tempFileLimitKb, 64, 2_147_483_647)
  if (typeof name !== 'string' || !/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u.test(name))
    throw refused('name', `must be 1 to 40 letters, digits, spaces, ".", "_" and "-"; it is ${seen(name, 'quoted')}`)
  if (typeof shared !== 'boolean') throw refused('shared', 'must be true or false')
  return { name, expiresInMs, connections, statementTimeoutMs, tempFileLimitKb, shared }
}

function refused(option: string, problem: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of logins.create ${problem}.`, { details: { option } })
}
