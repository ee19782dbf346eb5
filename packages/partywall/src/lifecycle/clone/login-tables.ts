/**
 * Tables with which one can log in: sessions, tokens and keys of known libraries. A copy of such a row is a valid login, to the clone and often to the source, too.
 * A name alone says too little, because a school has sessions and a bank has accounts: so most names also need a column.
 */
import type { SourceTable } from './source-table.ts'

interface Pattern {
  /** What it is, for the docs. */
  readonly of: string
  /** Of the name of the table, in lower case and without `_` and `-`. */
  readonly name: RegExp
  /** One of these columns, in the same form; empty: the name says it. */
  readonly columns: readonly string[]
}

export const loginTables: readonly Pattern[] = [
  {
    of: 'sessions: better-auth, Auth.js, Lucia, connect-pg-simple, Django, Rails, Laravel, Symfony',
    name: /sessions?$/,
    columns: [
      'token',
      'sessiontoken',
      'accesstoken',
      'refreshtoken',
      'tokenhash',
      'secrethash',
      'sid',
      'sess',
      'sessid',
      'sessdata',
      'sessionid',
      'sessionkey',
      'sessiondata',
      'usersessionid',
      'payload',
      'expires',
      'expire',
      'expiresat',
      'expirydate',
      'expirytime',
      'lastactivity',
      'activeexpires',
      'idleexpires',
      'useragent',
      'ipaddress',
    ],
  },
  {
    of: 'accounts at other providers: better-auth, Auth.js, Prisma adapters',
    name: /accounts?$/,
    columns: ['provider', 'providerid', 'provideraccountid', 'accesstoken', 'refreshtoken', 'idtoken'],
  },
  { of: 'verifications and one-time codes', name: /verifications?$/, columns: ['token', 'value', 'code', 'identifier'] },
  {
    of: 'tokens of every kind',
    name: /tokens?$/,
    columns: [],
  },
  {
    of: 'keys of interfaces',
    name: /(?:api|access|secret|service|auth|user)keys?$/,
    columns: ['key', 'keyhash', 'hashedkey', 'secret', 'token', 'hashedpassword', 'hashedsecret', 'start', 'prefix'],
  },
  { of: 'keys that sign tokens: better-auth', name: /^jwks?$|jwks$/, columns: [] },
  {
    of: 'secrets of a second factor',
    name: /(?:twofactors?|totps?|mfasecrets?|otps?|backupcodes?|recoverycodes?)$/,
    columns: [],
  },
  {
    of: 'passkeys',
    name: /(?:passkeys?|authenticators?|webauthncredentials?)$/,
    columns: ['publickey', 'credentialid', 'credentialpublickey'],
  },
  {
    of: 'magic links and resets of passwords',
    name: /(?:magiclinks?|passwordresets?|resetrequests?|(?:login|verification|confirmation|onetime)codes?|onetimepasswords?)$/,
    columns: [],
  },
  {
    of: 'OAuth: better-auth, Doorkeeper, Django OAuth Toolkit, oidc-provider',
    name: /^(?:oauth2?|oidc).*(?:application|client|grant|code|consent|payload|key)s?$|(?:oauth2?provider).*$/,
    columns: [],
  },
]

/** The tables that a clone leaves empty, in the order of their names. */
export function findLoginTables(tables: readonly SourceTable[]): string[] {
  return tables.filter((table) => loginTables.some((pattern) => isLike(table, pattern))).map(({ name }) => name)
}

/** Columns of other tables whose name says that they hold a secret: they are copied, and named. */
export function columnsLikeSecrets(tables: readonly SourceTable[]): string[] {
  return tables.flatMap(({ name, columns }) =>
    columns.filter((column) => secretColumn.test(plain(column.name))).map((column) => `${name}.${column.name}`),
  )
}

const secretColumn =
  /(?:token|secret|apikey|privatekey|accesskey|password|passwordhash|passworddigest|recoverycodes?)(?:hash|digest|encrypted)?$/

function isLike(table: SourceTable, { name, columns }: Pattern): boolean {
  if (!name.test(plain(table.name))) return false
  return columns.length === 0 || table.columns.some((column) => columns.includes(plain(column.name)))
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '')
}
