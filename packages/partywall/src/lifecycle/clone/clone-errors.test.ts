import { expect, test } from 'vitest'
import type { TenancyError } from '../../errors.ts'
import { explainClone } from './clone-errors.ts'

const attempted = { schema: 'copy', source: 'acme', step: 'copying the rows of "users"' }

/** As node-postgres throws it. */
function refusal(code: string, facts: object = {}): Error {
  return Object.assign(new Error('the text with s3cret'), { code, detail: 'Failing row contains (s3cret).', ...facts })
}

test.each([
  ['53100', 'disk'],
  ['53200', 'max_locks_per_transaction'],
  ['57014', 'cancelled'],
  ['23514', 'mask'],
  ['22P02', 'masks'],
  ['XX000', 'log of the server'],
])('a refusal with SQLSTATE %s says what to do, and quotes no row', (state, advice) => {
  const error = explainClone(refusal(state, { constraint: 'users_check' }), attempted) as TenancyError
  expect(error).toMatchObject({ code: 'CLONE_FAILED', details: { ...attempted, sqlState: state } })
  expect(error.message).toContain(advice)
  expect(error.message).toContain('users_check')
  expect(error.cause).toBeUndefined()
  expect(error.message + JSON.stringify(error)).not.toContain('s3cret')
})

test('an error that PostgreSQL did not give stays as it is', () => {
  const error = new Error('stop')
  expect(explainClone(error, attempted)).toBe(error)
})
