/**
 * Every query gets exactly one answer, and every connection comes back, whatever a server does and in whatever order: random queries against
 * a server that answers, fails, asks for the statement again, is late, answers in part, is silent, or closes the connection.
 */
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import pg, { type Pool, type PoolClient } from 'pg'
import { expect, test } from 'vitest'
import type { TenantPool } from '../../src/database/pool/tenant-pool.ts'
import { within } from '../support/pools/rest.ts'
import { scriptedPool } from '../support/pools/scripted-pool.ts'
import {
  completed,
  correctAnswer,
  described,
  failed,
  row,
  scriptedServer,
  type Act,
  type Answer,
} from '../support/pools/scripted-server.ts'
import { fakeTenant } from '../support/tenants/two-tenants.ts'

const acme = fakeTenant('acme')
const owner = 'select owner from items'
const bound = completed('SELECT 0')

const later =
  (ms: number, act: Act): Act =>
  (socket, end) =>
    void setTimeout(() => act(socket, end), ms)
const write =
  (...answer: Answer): Act =>
  (socket, end) =>
    void (socket.destroyed || socket.write(Buffer.concat([...answer, ...end])))
const close: Act = (socket: Socket) => void socket.destroy()

const replies: Record<string, Answer | Act> = {
  correct: correctAnswer,
  late: later(12, write(...correctAnswer)),
  'an error': [bound, failed('22012', 'division by zero')],
  'a late error': later(12, write(bound, failed('22012', 'division by zero'))),
  'a stale plan': [bound, failed('0A000', 'cached plan must not change result type', 'RevalidateCachedQuery')],
  'a late stale plan': later(12, write(bound, failed('0A000', 'cached plan must not change', 'RevalidateCachedQuery'))),
  'temporary tables': [failed('22023', 'invalid value for parameter "search_path": ""partywall: temporary tables"')],
  'the binding is not prepared': [failed('26000', 'prepared statement does not exist')],
  'a missing schema': [failed('3F000', 'schema "acme" does not exist')],
  'closed before the answer': close,
  'closed in the middle': (socket) => (write(bound, described('owner'), row('acme'))(socket, []), later(2, close)(socket, [])),
  'an error, and closed': (socket) => (write(bound, failed('57P01', 'terminating connection'))(socket, []), close(socket, [])),
  'silence, then closed': later(40, close),
  'the answer of another statement': [bound, completed('UPDATE 1'), completed('UPDATE 1')],
}

type Send = (via: Pick<Pool, 'query'> | PoolClient, settled: (error: Error | null | undefined) => void) => void
const sends: Record<string, Send> = {
  'a text': (via, settled) => via.query(owner, settled),
  values: (via, settled) => via.query(`${owner} where id = $1`, [1], settled),
  'a name': (via, settled) => via.query({ name: 'items', text: owner }, settled),
  'a promise': (via, settled) => void via.query(owner).then(() => settled(null), settled),
  'two statements': (via, settled) => via.query(`${owner}; select 1`, settled),
  'a time limit': (via, settled) => via.query({ text: owner, query_timeout: 6 } as never, settled),
  'a name and a time limit': (via, settled) => via.query({ name: 'items', text: owner, query_timeout: 6 } as never, settled),
  'pages of rows': (via, settled) => via.query({ text: owner, values: [], rows: 2 } as never, settled),
  'a query object': (via, settled) => void via.query(new pg.Query(owner, [], settled as never) as never),
}

const names = <T extends object>(all: T): fc.Arbitrary<string> => fc.constantFrom(...Object.keys(all))
const step = fc.record({ send: names(sends), via: fc.constantFrom('pool', 'client'), pauseMs: fc.constantFrom(0, 0, 1, 7) })
const run = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
  script: fc.array(names(replies), { maxLength: 8 }),
  max: fc.constantFrom(1, 2),
  defaultTimeoutMs: fc.constantFrom(0, 0, 25),
})

test('every query gets exactly one answer, and every connection comes back', { timeout: 120_000 }, async () => {
  const server = await scriptedServer()
  await fc.assert(
    fc.asyncProperty(run, async ({ steps, script, max, defaultTimeoutMs }) => {
      const { scope, pool } = scriptedPool(server.url, { max, query_timeout: defaultTimeoutMs })
      server.answers.splice(0, Infinity, ...script.map((name) => replies[name]!))
      const answers = steps.map(() => 0)
      await scope.run(acme, async () => {
        const client = max === 2 ? await pool.connect() : undefined
        const all = steps.map(async ({ send, via, pauseMs }, index) => {
          await sleep(pauseMs * index)
          await new Promise<void>((resolve) => {
            sends[send]!(via === 'client' && client !== undefined ? client : pool, () => {
              answers[index]! += 1
              resolve()
            })
          })
        })
        await within(5000, Promise.all(all))
        client?.release()
        await sleep(0)
        server.answers.length = 0
        // A statement whose caller has given up may still run: its connection is not used again.
        await within(5000, allCanBeLent(pool))
      })
      await within(5000, pool.end())
      await sleep(50)
      expect(answers).toEqual(steps.map(() => 1))
    }),
    { numRuns: 120 },
  )
})

async function allCanBeLent(pool: TenantPool): Promise<void> {
  const clients = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()))
  // With a limit of its own: that of the pool is short, so that statements of the run reach it.
  const patient = { text: owner, query_timeout: 5000 }
  for (const client of clients) {
    expect((await client.query(patient)).rows).toEqual([{ owner: 'acme' }])
    client.release()
  }
}

test('a statement that is sent again keeps the time limit of its first sending, and its connection is closed once', async () => {
  const server = await scriptedServer()
  const { scope, pool, discarded } = scriptedPool(server.url, { max: 1, query_timeout: 30 })
  server.answers.push(replies['a stale plan']!, later(80, write(...correctAnswer)))
  await scope.run(acme, async () => {
    await expect(pool.query({ name: 'items', text: owner })).rejects.toThrow('Query read timeout')
    await sleep(120)
    expect(discarded).toEqual(['a statement is still running'])
    const patient = { text: owner, query_timeout: 5000 }
    expect((await pool.query(patient)).rows).toEqual([{ owner: 'acme' }])
  })
  await pool.end()
})
