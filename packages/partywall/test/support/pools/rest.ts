/**
 * What must be true of a pool after a fault, whatever it was: no caller waits, no connection is checked out, and all of its `max`
 * connections can be checked out at the same time, each with the rows of its own tenant. And how to recognise the fault itself, and a hang.
 */
import type { Pool, PoolClient } from 'pg'
import { expect } from 'vitest'
import type { TwoTenants } from '../tenants/two-tenants.ts'

const owner = 'select owner from items where id = 1'

export async function comesToRest(pool: Pool, { a, b, scope }: Pick<TwoTenants, 'a' | 'b' | 'scope'>): Promise<void> {
  const read = async (): Promise<unknown> => (await scope.run(b, () => pool.query(owner))).rows
  // The first statement may still get a lost connection. Then it gets an error, and no row.
  expect(await afterLosses(read)).toEqual([{ owner: b.schema }])
  await expect
    .poll(() => ({ waiting: pool.waitingCount, lent: pool.totalCount - pool.idleCount }), { timeout: 2000 })
    .toEqual({ waiting: 0, lent: 0 })
  const all = Array.from({ length: pool.options.max }, (_, index) => (index % 2 === 0 ? a : b))
  const clients = await within(10_000, Promise.all(all.map((tenant) => scope.run(tenant, () => pool.connect()))))
  expect(pool.totalCount).toBe(pool.options.max)
  const answers = await Promise.all(clients.map((client, index) => scope.run(all[index]!, () => client.query(owner))))
  expect(answers.map(({ rows }) => rows)).toEqual(all.map(({ schema }) => [{ owner: schema }]))
  for (const client of clients) client.release()
  expect({ waiting: pool.waitingCount, idle: pool.idleCount }).toEqual({ waiting: 0, idle: pool.options.max })
}

/** The first answer of `ask` that is not the error of a lost connection. */
export async function afterLosses<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await within(10_000, ask())
    } catch (error) {
      if (attempt === 200 || !isLoss(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}

/** Fails the test at once where it would otherwise wait for its time limit. */
export async function within<T>(millis: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`a hang: no answer within ${millis} ms`)), millis)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The error that `promise` must end with, soon: that the connection is lost. */
export async function loses(promise: Promise<unknown>): Promise<void> {
  const outcome = await within(
    5000,
    promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
  )
  if (!('error' in outcome)) throw new Error(`it should have failed, and gave ${JSON.stringify(outcome.value)}`)
  if (!isLoss(outcome.error)) throw outcome.error
}

export function isLoss(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  return lossCodes.test(code) || lossMessages.test(message)
}

export async function backendOf(client: Pick<PoolClient, 'query'>): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]!.pid
}

/** Ends a server session, and waits until it is gone. */
export async function killBackend(pid: number, admin: TwoTenants['admin']): Promise<void> {
  await admin.query('select pg_terminate_backend($1, 5000)', [pid])
}

/** No connection; or ended by an administrator, by a crash, or while starting or stopping; the codes of PgBouncer and of the socket. */
const lossCodes = /^(DATABASE_UNREACHABLE|57P0[1-3]|08\w{3}|ECONN\w+|EPIPE|25P03)$/
const lossMessages = /connection terminated|not queryable|server conn|connection is lost|client was closed/i
