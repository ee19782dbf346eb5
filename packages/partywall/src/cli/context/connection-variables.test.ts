import { expect, test } from 'vitest'
import { connectionVariables } from './connection-variables.ts'

test('a connection string stays as it is, and its parts become the variables of PostgreSQL', async () => {
  const connectionString = 'postgres://me%40x:p%2Fw@db.example.com:6000/app?sslmode=require'
  expect(await connectionVariables({ connectionString }, 'DATABASE_URL')).toEqual({
    DATABASE_URL: connectionString,
    PGHOST: 'db.example.com',
    PGPORT: '6000',
    PGUSER: 'me@x',
    PGPASSWORD: 'p/w',
    PGDATABASE: 'app',
  })
})

test('separate options become a connection string, in the variables of the project and of the tool', async () => {
  const config = { host: 'db', port: 5433, user: 'me@x', password: () => 'a:b/c%', database: 'my app', ssl: true }
  const url = 'postgres://me%40x:a%3Ab%2Fc%25@db:5433/my%20app?sslmode=require'
  expect(await connectionVariables(config, 'URL', { url: 'ORM_URL', database: 'ORM_DB' })).toEqual({
    URL: url,
    ORM_URL: url,
    ORM_DB: 'my app',
    PGHOST: 'db',
    PGPORT: '5433',
    PGUSER: 'me@x',
    PGPASSWORD: 'a:b/c%',
    PGDATABASE: 'my app',
  })
})

test('the folder of a socket is a parameter of the connection string', async () => {
  const url = 'postgres://localhost/app?host=%2Frun%2Fpostgresql'
  const variables = { URL: url, PGHOST: '/run/postgresql', PGDATABASE: 'app' }
  expect(await connectionVariables({ connectionString: '/run/postgresql app' }, 'URL')).toEqual(variables)
  expect(await connectionVariables({ host: '/run/postgresql', database: 'app' }, 'URL')).toEqual(variables)
})
