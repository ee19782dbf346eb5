import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { columnsLikeSecrets, findLoginTables, loginTables } from './login-tables.ts'
import type { SourceTable } from './source-table.ts'

const page = await readFile(new URL('../../../../../docs/clone.md', import.meta.url), 'utf8')

function tableOf(name: string, ...columns: string[]): SourceTable {
  return { name, columns: columns.map((column) => ({ name: column })) } as unknown as SourceTable
}

const ofLibraries = {
  'better-auth': [
    tableOf('session', 'id', 'expiresAt', 'token', 'userId'),
    tableOf('account', 'id', 'accountId', 'providerId', 'password'),
    tableOf('verification', 'id', 'identifier', 'value', 'expiresAt'),
    tableOf('jwks', 'id', 'publicKey', 'privateKey'),
    tableOf('apikey', 'id', 'key', 'start', 'userId'),
    tableOf('twoFactor', 'id', 'secret', 'backupCodes'),
    tableOf('passkey', 'id', 'publicKey', 'credentialID'),
    tableOf('oauthApplication', 'id', 'clientSecret'),
    tableOf('oauthAccessToken', 'id', 'accessToken'),
  ],
  'Auth.js': [
    tableOf('Session', 'sessionToken', 'userId', 'expires'),
    tableOf('accounts', 'provider', 'provider_account_id'),
    tableOf('verification_token', 'identifier', 'token'),
    tableOf('Authenticator', 'credentialID', 'credentialPublicKey'),
  ],
  Lucia: [tableOf('user_session', 'id', 'user_id', 'active_expires'), tableOf('user_key', 'id', 'hashed_password')],
  'connect-pg-simple': [tableOf('session', 'sid', 'sess', 'expire')],
  Django: [tableOf('django_session', 'session_key', 'session_data'), tableOf('authtoken_token', 'key', 'user_id')],
  Rails: [tableOf('oauth_access_tokens', 'token'), tableOf('sessions', 'user_agent', 'ip_address')],
  Laravel: [
    tableOf('personal_access_tokens', 'token'),
    tableOf('password_reset_tokens', 'email', 'token'),
    tableOf('password_resets', 'email'),
  ],
  Symfony: [tableOf('sessions', 'sess_id', 'sess_data', 'sess_lifetime')],
  'of your own': [
    tableOf('session', 'id', 'data', 'expiry_date'),
    tableOf('offline_user_session', 'user_session_id', 'data'),
    tableOf('verification_codes', 'id', 'phone'),
    tableOf('one_time_password', 'id'),
  ],
}

test.each(Object.entries(ofLibraries))('the tables of logins of %s are found', (_library, tables) => {
  expect(findLoginTables(tables)).toEqual(tables.map(({ name }) => name))
})

test('tables of a business are not taken for tables of logins', () => {
  const tables = [
    tableOf('sessions', 'id', 'teacher_id', 'room', 'starts_at'),
    tableOf('accounts', 'id', 'iban', 'balance'),
    tableOf('bank_account', 'id', 'owner'),
    tableOf('users', 'id', 'email'),
    tableOf('keys', 'id', 'door'),
    tableOf('primary_keys', 'id'),
    tableOf('verifications', 'id', 'inspector'),
  ]
  expect(findLoginTables(tables)).toEqual([])
})

test('columns whose name says that they hold a secret are named', () => {
  const users = tableOf(
    'users',
    'id',
    'email',
    'password_hash',
    'apiToken',
    'secret_key_id',
    'totp_secret',
    'passwords_changed_at',
  )
  expect(columnsLikeSecrets([users])).toEqual(['users.password_hash', 'users.apiToken', 'users.totp_secret'])
})

test('docs/clone.md has a row for each kind of table, and no other', () => {
  const section = page.slice(page.indexOf('## Sessions, tokens and keys'))
  const rows = [...section.matchAll(/^\| (?!what|-)([^|]+?) \|/gm)].map(([, what]) => what)
  expect(rows).toEqual(loginTables.map(({ of }) => of))
})
