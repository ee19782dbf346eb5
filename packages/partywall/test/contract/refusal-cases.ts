/**
 * Cases of errors: a library puts an error of its own around that of partywall, with the statement and its values. The application, its
 * clients and the command line must see the refusal, and the clients nothing else.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { Pool } from 'pg'
import { expect, vi } from 'vitest'
import { isTenancyError, tenancyErrorOf, type TenancyErrorCode } from '../../src/errors.ts'
import { tenancyErrors } from '../../src/http/express.ts'
import { describeEnd, describeFailure, errorDocument, exitCodeOf } from '../../src/cli/terminal/failure.ts'
import type { OrmCase } from './orm-case.ts'
import { authorOf, type OrmWorld } from './orm-world.ts'

const secret = 'a value of the statement'

export const refusalCases: readonly OrmCase[] = [
  {
    name: 'is recognised, and answered as documented, when the schema is missing',
    async run(world) {
      const { admin, four, subject, fill } = world
      const [a, b] = four
      await fill()
      await admin.query(`alter schema "${a.schema}" rename to gone`)
      try {
        await expectRefusal(world, 'SCHEMA_MISSING', () => subject.authors())
        await expectRefusal(world, 'SCHEMA_MISSING', () => subject.addAuthor({ id: 9, name: secret }))
        await expectRefusal(world, 'SCHEMA_MISSING', () => subject.raw('select $1::text as name', [secret]))
        await expectRefusal(world, 'SCHEMA_MISSING', () => subject.transaction((within) => within.authors()))
      } finally {
        await admin.query(`alter schema gone rename to "${a.schema}"`)
      }
      for (const tenant of [a, b]) {
        expect(await world.inTenant(tenant, () => subject.authors())).toEqual([authorOf(tenant, 1)])
      }
    },
  },
  {
    name: 'is recognised, and answered as documented, when no connection comes free',
    needs: 'tenancy.pool',
    async run(world) {
      const { subject } = world
      await whilePoolIsBusy(world, async () => {
        await expectRefusal(world, 'POOL_EXHAUSTED', () => subject.authors())
        await expectRefusal(world, 'POOL_EXHAUSTED', () => subject.addAuthor({ id: 9, name: secret }))
        await expectRefusal(world, 'POOL_EXHAUSTED', () => subject.transaction((within) => within.authors()))
      })
    },
  },
]

/** Runs `work` in the first tenant while other callers hold every connection, with a short wait. */
export async function whilePoolIsBusy<T>({ tenancy, four: [a], inTenant }: OrmWorld, work: () => Promise<T>): Promise<T> {
  const pool = tenancy.pool as Pool
  const { options } = pool
  const held = await inTenant(a, () => Promise.all(Array.from({ length: options.max }, () => pool.connect())))
  const { connectionTimeoutMillis } = options
  try {
    options.connectionTimeoutMillis = 50
    return await inTenant(a, work)
  } finally {
    options.connectionTimeoutMillis = connectionTimeoutMillis
    for (const client of held) client.release()
  }
}

async function expectRefusal(
  { four: [a], inTenant }: OrmWorld,
  code: TenancyErrorCode,
  work: () => Promise<unknown>,
): Promise<void> {
  const log = vi.fn<(error: unknown) => void>()
  let thrown: unknown
  const app = express()
  app.get('/', async (_req, res) => {
    try {
      await inTenant(a, work)
    } catch (error) {
      thrown = error
      throw error
    }
    res.json('it was not refused')
  })
  app.use(tenancyErrors({ log }))
  const answer = await answerOf(app)

  expect({ ...answer, isKnown: isTenancyError(thrown, code) }).toEqual({
    status: 503,
    type: 'application/problem+json; charset=utf-8',
    body: expect.stringContaining('"code":"UNAVAILABLE"'),
    isKnown: true,
  })
  const refusal = tenancyErrorOf(thrown, code)!
  expect(log.mock.calls).toEqual([[refusal, expect.anything()]])
  const { error: document } = errorDocument(thrown)
  expect(document).toMatchObject({ code, docs: `docs/errors.md#${code}`, details: JSON.parse(JSON.stringify(refusal.details)) })
  expect(exitCodeOf(thrown)).toBe(1)
  expect(describeFailure(thrown)).toContain(`error ${code}: `)
  for (const text of [answer.body, JSON.stringify(document), describeFailure(thrown), describeEnd(thrown, false)]) {
    expect(text).not.toContain(secret)
    expect(text).not.toMatch(/\bselect |insert into/i)
  }
}

async function answerOf(app: express.Express): Promise<{ status: number; type: string | null; body: string }> {
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
