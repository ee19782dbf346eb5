import { expect, test } from 'vitest'
import { inDatabase } from './in-database.ts'

test('the database of a connection string is replaced, and nothing else of it', () => {
  expect(replaced('postgres://app:p%40ss@db.example.com:5432/shop?sslmode=require')).toBe(
    'postgres://app:p%40ss@db.example.com:5432/other?sslmode=require',
  )
  expect(replaced('postgres://app@localhost')).toBe('postgres://app@localhost/other')
  expect(replaced('postgres:///shop?host=/var/run/postgresql')).toBe('postgres:///other?host=/var/run/postgresql')
  expect(replaced('postgresql://%2Fvar%2Frun/shop')).toBe('postgresql://%2Fvar%2Frun/other')
  expect(replaced('/var/run/postgresql shop')).toBe('/var/run/postgresql other')
  expect(inDatabase({ host: 'db', user: 'app', database: 'shop' }, 'other')).toEqual({
    host: 'db',
    user: 'app',
    database: 'other',
  })
})

function replaced(connectionString: string): unknown {
  return inDatabase({ connectionString }, 'other').connectionString
}
