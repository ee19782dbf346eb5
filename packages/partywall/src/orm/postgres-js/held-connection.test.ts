import { expect, test } from 'vitest'
import { sendBehind } from './held-connection.ts'
import type { ConnectionLike, QueryLike } from './sql-like.ts'

test('sendBehind ends a query that postgres.js is about to send again, and lets it be sent later', async () => {
  const sent: string[] = []
  const rejected: unknown[] = []
  const queryOf = (name: string) =>
    ({ name, args: [], cancelled: null, reject: (error: unknown) => rejected.push(error) }) as unknown as QueryLike
  const connection = {
    reserved: null,
    execute: (each: QueryLike & { name: string }) => (each.cancelled ? undefined : sent.push(each.name)),
  } as ConnectionLike
  const query = queryOf('query')
  sendBehind(connection, query, queryOf('commit'))
  expect(sent).toEqual(['query', 'commit'])

  // What postgres.js does when it finds that the plan is stale; before 3.4.5 also with a query that was not prepared.
  const stale = new Error('cached plan must not change result type')
  Object.assign(query, { retried: stale })
  connection.execute(query)
  expect(sent).toEqual(['query', 'commit'])
  expect(rejected).toEqual([stale])

  await Promise.resolve()
  connection.execute(query)
  expect(sent).toEqual(['query', 'commit', 'query'])
})
