/**
 * What a pool does when the answers do not fit what was sent, as with a proxy that drops or repeats some. Here the scripts of the unit
 * test (own-completions.test.ts) go through a real pool and a real socket, and other callers wait for the connection.
 */
import Cursor from 'pg-cursor'
import { expect, onTestFinished, test } from 'vitest'
import { within } from '../support/pools/rest.ts'
import { scriptedPool } from '../support/pools/scripted-pool.ts'
import { completed, correctAnswer, described, row, scriptedServer, type Answer } from '../support/pools/scripted-server.ts'
import { fakeTenant } from '../support/tenants/two-tenants.ts'

const acme = fakeTenant('acme')
const owner = 'select owner from items'

const wrong: Record<string, Answer> = {
  'the answer to the binding is missing': [described('owner'), row('another'), completed('SELECT 1')],
  'the answer to the binding is repeated': [completed('SELECT 0'), ...correctAnswer],
  'the statement is not answered': [completed('SELECT 0')],
  'another statement is answered first': [completed('UPDATE 3'), ...correctAnswer],
}

test.each(Object.entries(wrong))('a statement fails and its connection is closed when %s', async (_, answer) => {
  const { server, scope, pool, discarded } = await poolOfOne()
  server.answers.push(answer)
  const answers = await within(
    5000,
    Promise.allSettled([1, 2, 3].map(() => scope.run(acme, async () => (await pool.query(owner)).rows))),
  )
  expect(answers[0]).toMatchObject({ status: 'rejected', reason: { code: 'UNSAFE_SETUP' } })
  // The callers that wait get another connection, and their own rows.
  for (const later of answers.slice(1)) expect(later).toEqual({ status: 'fulfilled', value: [{ owner: 'acme' }] })
  expect(discarded).toEqual(['its answers could not be trusted'])
  expect(pool.totalCount).toBe(1)
})

test('the statements behind it on the same client fail, and get no rows', async () => {
  const { server, scope, pool } = await poolOfOne()
  server.answers.push(wrong['the answer to the binding is repeated']!)
  await scope.run(acme, async () => {
    const client = await pool.connect()
    const answers = await within(5000, Promise.allSettled([1, 2, 3].map(() => client.query(owner))))
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    client.release()
    expect((await pool.query(owner)).rows).toEqual([{ owner: 'acme' }])
  })
})

test('a cursor fails and its connection is closed', async () => {
  const { server, scope, pool, discarded } = await poolOfOne()
  await scope.run(acme, async () => {
    const client = await pool.connect()
    await client.query(owner)
    // The scripted server answers at a Sync, and a cursor asks with Flush: the Sync below asks for it.
    server.answers.push([described('owner'), row('another'), completed('SELECT 1')])
    const cursor = client.query(new Cursor(owner))
    const reading = cursor.read(5)
    client.connection.sync()
    await expect(within(5000, reading)).rejects.toMatchObject({ code: 'UNSAFE_SETUP' })
    await within(5000, cursor.close())
    client.release()
  })
  expect(discarded).toEqual(['its answers could not be trusted'])
})

async function poolOfOne() {
  const server = await scriptedServer()
  const scripted = scriptedPool(server.url, { max: 1 })
  onTestFinished(() => scripted.pool.end())
  return { server, ...scripted }
}
