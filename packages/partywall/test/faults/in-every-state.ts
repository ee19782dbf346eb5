/** All states at once on one pool, with a caller that waits for each connection; then all sessions end. */
import { Client } from 'pg'
import { expect } from 'vitest'
import { afterLosses, comesToRest, isLoss, within } from '../support/pools/rest.ts'
import type { TwoTenants } from '../support/tenants/two-tenants.ts'
import { expectNothingKept, states } from './states.ts'

interface End {
  /** Ends every session, and resolves when new ones are possible. */
  readonly end: () => Promise<void>
  readonly isBoundToSession: boolean
}

export async function inEveryState(tenants: TwoTenants, { end, isBoundToSession }: End): Promise<void> {
  const { a, b, scope, directUrl, makePool } = tenants
  const all = Object.values(states)
  const pool = makePool({ max: all.length, connectionTimeoutMillis: 20_000 })
  const allThere = barrier(all.length, end)
  const clients = await Promise.all(all.map(() => scope.run(a, () => pool.connect())))
  // A pooler has opened all its connections to the server when every client holds one at the same time.
  for (const text of ['begin', 'commit']) await Promise.all(clients.map((client) => client.query(text)))
  const work = all.map((state, index) =>
    scope.run(a, async () => {
      const client = clients[index]!
      try {
        await state({ client, kill: allThere, isBoundToSession })
      } finally {
        client.release()
      }
    }),
  )
  const waiting = all.map(async () => {
    try {
      return (await scope.run(b, () => pool.query('select owner from items where id = 1'))).rows
    } catch (error) {
      if (!isLoss(error)) throw error
      return 'lost'
    }
  })
  await within(25_000, Promise.all(work))
  for (const rows of await within(10_000, Promise.all(waiting))) {
    if (rows !== 'lost') expect(rows).toEqual([{ owner: b.schema }])
  }
  await comesToRest(pool, tenants)
  const admin = new Client(directUrl)
  await afterLosses(() => admin.connect())
  await expectNothingKept(admin)
  await admin.end()
}

/** A function that `count` callers call; the last one starts `work`, and all go on when it is done. */
function barrier(count: number, work: () => Promise<void>): () => Promise<void> {
  let missing = count
  let start: () => void
  const begun = new Promise<void>((resolve) => (start = resolve))
  const done = begun.then(work)
  return () => {
    missing -= 1
    if (missing === 0) start()
    return done
  }
}
