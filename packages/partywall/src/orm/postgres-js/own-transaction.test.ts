import { expect, test } from 'vitest'
import { keepFromRetrying } from './own-transaction.ts'
import type { QueryLike } from './sql-like.ts'

test('keepFromRetrying ends a query that postgres.js is about to send again, and lets it be sent later', async () => {
  const rejected: unknown[] = []
  const query = { cancelled: null, reject: (error: unknown) => rejected.push(error) } as unknown as QueryLike & {
    retried: unknown
  }
  keepFromRetrying(query)

  // What postgres.js does when it finds that the plan is stale; before 3.4.5 also with a query that was not prepared. Then it sends the
  // query, unless it is cancelled.
  const stale = new Error('cached plan must not change result type')
  query.retried = stale
  expect(query.cancelled).toBe(true)
  expect(query.retried).toBe(undefined)
  expect(rejected).toEqual([stale])

  await Promise.resolve()
  expect(query.cancelled).toBe(null)
})
