/**
 * One count in each of 1,000 tenants: `across` against a loop that checks out a connection for each tenant, and against partywall's own `forEach` with one and with
 * four tenants at a time. Over the loopback, and over a network with a delay of one millisecond, where the number of round trips decides. A piece of work is the whole fleet.
 * `loop` sets the search path of its connection and resets it, as it is usually written.
 */
import { Pool } from 'pg'
import { createTenancy, sql } from 'partywall'
import { joined, suffixed, type Comparison } from '../measuring/comparison.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { startRelay } from '../measuring/relay.ts'
import { compare, player, type Plan } from '../measuring/rounds.ts'
import { createFleet, schemaOf } from '../queries/fleet.ts'

const tenants = 1000
const delayMs = 1
const plan: Plan = { callers: 1, pieces: 1, warmUp: 1, warmUps: 2, rounds: 7 }
const text = 'select count(*)::int as n from items'

export async function across(url: string): Promise<Outcome> {
  await createFleet(url, tenants)
  const relay = await startRelay(url, delayMs)
  try {
    const near = suffixed(await contest(url), 'loopback')
    const far = suffixed(await contest(relay.url), `${delayMs} ms`)
    const { ratios, spread, figures } = joined(far, near)
    return { tenants, rounds: plan.rounds, ratios, spread, figures }
  } finally {
    relay.close()
  }
}

async function contest(url: string): Promise<Comparison> {
  const names = Array.from({ length: tenants }, (_, number) => schemaOf(number))
  // Idle connections stay: no contestant's backends are cold after the turns of the others.
  const tenancy = createTenancy({ database: url, pool: { idleTimeoutMillis: 0 } })
  const pool = new Pool({ connectionString: url, max: 10, idleTimeoutMillis: 0 }).on('error', () => {})
  const read = async (concurrency: number): Promise<void> => {
    const { rows } = await tenancy.across(sql`select count(*)::int as n from items`, { tenants: true, concurrency }).all()
    if (rows.length < tenants) throw new Error(`across read ${rows.length} tenants`)
  }
  const each = async (concurrency: number): Promise<void> => {
    const { ok } = await tenancy.forEach(() => tenancy.pool.query(text), { concurrency })
    if (!ok) throw new Error('forEach failed')
  }
  const loop = async (): Promise<void> => {
    for (const name of names) {
      const client = await pool.connect()
      await client.query(`set search_path to "${name}", public`)
      await client.query(text)
      await client.query('reset search_path')
      client.release()
    }
  }
  try {
    return await compare(
      player({ name: 'across', work: () => read(2), close }),
      [
        player({ name: 'across, one batch at a time', work: () => read(1), close }),
        player({ name: 'loop', work: loop, close }),
        player({ name: 'forEach, 1', work: () => each(1), close }),
        player({ name: 'forEach, 4', work: () => each(4), close }),
      ],
      plan,
    )
  } finally {
    await Promise.all([tenancy.close(), pool.end()])
  }
}

/** All contestants share what is closed at the end. */
async function close(): Promise<void> {}
