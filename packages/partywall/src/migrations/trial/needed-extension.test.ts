import { expect, test } from 'vitest'
import { neededExtension } from './needed-extension.ts'

test('the extension is known from the message about what is missing', () => {
  expect(neededExtension('function uuid_generate_v4() does not exist (SQLSTATE 42883)')).toBe('uuid-ossp')
  expect(neededExtension('function public.gen_salt(unknown) does not exist')).toBe('pgcrypto')
  expect(neededExtension('type "citext" does not exist (SQLSTATE 42704)')).toBe('citext')
  expect(neededExtension('type public.vector does not exist')).toBe('vector')
  expect(neededExtension('operator class "gin_trgm_ops" does not exist for access method "gin"')).toBe('pg_trgm')
  expect(neededExtension('data type text has no default operator class for access method "gin" (SQLSTATE 42704)')).toBe(
    'btree_gin',
  )
  expect(neededExtension('relation "citext" does not exist')).toBeUndefined()
  expect(neededExtension('function own() does not exist')).toBeUndefined()
})
