import { expect, test } from 'vitest'
import { loginUrl } from './login-url.ts'

const login = { role: 'reader', password: 'p', database: 'my db' }

test.each([
  [
    { connectionString: 'postgres://app:secret@db.example.com:6432/x?sslmode=require&options=-c%20a' },
    'postgres://reader:p@db.example.com:6432/my%20db?sslmode=require',
  ],
  [{ host: '10.0.0.1', port: 5433, user: 'app', password: 'secret' }, 'postgres://reader:p@10.0.0.1:5433/my%20db'],
  [{ host: 'db', ssl: { ca: 'private' } }, 'postgres://reader:p@db:5432/my%20db?sslmode=require'],
  [{ host: 'db', ssl: false }, 'postgres://reader:p@db:5432/my%20db'],
  [
    { connectionString: 'postgres://app:secret@db/x?sslmode=verify-full', ssl: true },
    'postgres://reader:p@db:5432/my%20db?sslmode=verify-full',
  ],
  [{ host: '/run/postgresql', password: 'secret' }, 'postgres://reader:p@localhost:5432/my%20db?host=%2Frun%2Fpostgresql'],
  [{ connectionString: 'postgres://app:secret@[::1]/x' }, 'postgres://reader:p@[::1]:5432/my%20db'],
])('the address of a login has the server of the application, and nothing of its secrets: %o', (config, url) => {
  expect(loginUrl(config, login)).toBe(url)
})
