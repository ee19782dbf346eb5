/**
 * The memory of the backends after 40 queries for each of 1,000 tenants: a backend keeps what it has cached about every relation that it has
 * used. Partywall against a plain pool, each with eight callers on twenty open connections. What counts is the mean of the backends that
 * served a query: the plain pool takes the connection that was released last, and leaves the others unused.
 */
import type { PoolClient } from 'pg'
import { partywall, qualified } from '../queries/contestants.ts'
import { createFleet } from '../queries/fleet.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { median, rounded } from '../measuring/statistics.ts'

const tenants = 1000
const visits = 40
const connections = 20
const callers = 8
const rounds = 5

export async function memory(url: string): Promise<Outcome> {
  await createFleet(url, tenants)
  const ours: number[] = []
  const plain: number[] = []
  for (let round = 0; round < rounds; round++) {
    ours.push(await measure(url, 'partywall'))
    plain.push(await measure(url, 'plain-pool'))
    process.stderr.write(`round ${round + 1} of ${rounds}\r`)
  }
  process.stderr.write('\n')
  const ratios = ours.map((bytes, round) => bytes / plain[round]!)
  return {
    tenants,
    rounds,
    ratios: { 'plain-pool': rounded(median(ratios)) },
    spread: { 'plain-pool': [rounded(Math.min(...ratios)), rounded(Math.max(...ratios))] },
    figures: { partywallMiB: mebibytes(ours), 'plain-poolMiB': mebibytes(plain), visits, connections, callers },
  }
}

/** Mean bytes of the backends that served a tenant, after all queries. */
async function measure(url: string, name: 'partywall' | 'plain-pool'): Promise<number> {
  const order = shuffled(Array.from({ length: tenants * visits }, (_, index) => index % tenants))
  const setup = { url, tenants, connections, pick: () => order.pop() ?? 0 }
  const contestant = name === 'partywall' ? await partywall(setup) : qualified(setup)
  try {
    const fresh = await contestant.withAll((clients) => Promise.all(clients.map(bytesOf)))
    const call = async (): Promise<void> => {
      while (order.length > 0) await contestant.work()
    }
    await Promise.all(Array.from({ length: callers }, call))
    const all = await contestant.withAll((clients) => Promise.all(clients.map(bytesOf)))
    // Backends that served nothing would lower the mean of the plain pool below that of every backend that works.
    const sizes = all.filter((bytes) => bytes > 1.5 * Math.max(...fresh))
    return sizes.reduce((sum, bytes) => sum + bytes, 0) / sizes.length
  } finally {
    await contestant.close()
  }
}

async function bytesOf(client: PoolClient): Promise<number> {
  const { rows } = await client.query('select sum(total_bytes)::float8 as bytes from pg_catalog.pg_backend_memory_contexts')
  return rows[0].bytes
}

function shuffled<T>(items: T[]): T[] {
  for (let index = items.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1))
    ;[items[index], items[other]] = [items[other]!, items[index]!]
  }
  return items
}

function mebibytes(values: readonly number[]): number {
  return rounded(median(values) / 2 ** 20)
}
