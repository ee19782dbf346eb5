import { expect, test } from 'vitest'
import { isSecretColumn } from './secret-columns.ts'

test('a column that holds what opens something is told by its name', () => {
  const secrets = ['password', 'password_hash', 'passwordHash', 'token', 'access_token', 'refreshToken', 'idToken', 'token_hash']
  expect(
    [...secrets, 'client_secret', 'api_key', 'apiKey', 'private-key', 'pwd'].filter((name) => !isSecretColumn(name)),
  ).toEqual([])
  const plain = [
    'token_count',
    'passport',
    'secretary',
    'key',
    'primary_key',
    'name',
    'passes',
    'tokens_used',
    'password_changed_at',
  ]
  expect(plain.filter(isSecretColumn)).toEqual([])
})
