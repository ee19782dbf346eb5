/** The option `database`: how the application connects, how work on structure does, and the key of the tenants' logins. */
import type { ClientConfig } from 'pg'
import { TenancyError } from '../errors.ts'
import { invalid } from './checks.ts'
import type { Config } from './config.ts'

export interface GivenDatabase {
  /** undefined: the embedded server. */
  readonly database: ClientConfig | undefined
  /** undefined: the connection of the application. */
  readonly deploy: ClientConfig | undefined
  /** Secrets; the first one makes passwords. */
  readonly loginKeys: readonly string[]
}

/** @throws TenancyError INVALID_OPTION, which quotes nothing that may be a secret */
export function databaseOptions(value: Config<any>['database']): GivenDatabase {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { database: connection('database', value), deploy: undefined, loginKeys: [] }
  const { deploy, loginKey, ...own } = value
  return { database: own, deploy: connection('database.deploy', deploy), loginKeys: keys(loginKey) }
}

function connection(option: string, value: unknown): ClientConfig | undefined {
  if (value === undefined || value === '') return undefined
  // A connection string may hold a password: no message quotes it.
  if (typeof value === 'string') {
    if (/^postgres(ql)?:\/\//.test(value)) return { connectionString: value }
    throw new TenancyError(
      'INVALID_OPTION',
      `The option "${option}" is text, but not a connection string. Give postgres://user@host:port/database, or the options of node-postgres as an object.`,
      { details: { option } },
    )
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw invalid(option, value, 'a connection string or the options of node-postgres')
}

const leastCharacters = 32

function keys(value: unknown): readonly string[] {
  if (value === undefined) return []
  const all: unknown[] = Array.isArray(value) ? value : [value]
  if (all.length > 0 && all.every((key) => typeof key === 'string' && key.length >= leastCharacters))
    return Object.freeze(all as string[])
  throw new TenancyError(
    'INVALID_OPTION',
    `The option "database.loginKey" must be text of ${leastCharacters} random characters or more, or a list of such texts.`,
    { details: { option: 'database.loginKey' } },
  )
}
