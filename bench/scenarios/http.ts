/**
 * One trivial endpoint of Fastify, which lists ten rows of the tenant that a header names. Ours resolves the header by the catalog and
 * runs the request in the tenant's scope; the rival writes the name from the header into its SQL. Both serve from this process, in turns.
 *
 * Tenants are picked evenly among a hundred, and among a thousand: the catalog's answer is believed for a second, so the more
 * tenants share the requests, the more of these ask it.
 */
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Pool } from 'pg'
import { byHeader, createTenancy } from 'partywall'
import { pointQuery, makeFleet, registerFleet } from '../queries/fleet.ts'
import { startLoad, type Load } from '../queries/load.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { compare, median, rounded, type Comparison, type Plan, type Player } from '../measuring/rounds.ts'

const few = 100
const many = 1000
const connections = 20
const header = 'x-tenant'
const plan: Plan = { callers: 16, pieces: 6000, warmUp: 12_000, rounds: 7 }

export async function http(url: string): Promise<Outcome> {
  await makeFleet(url, many)
  await registerFleet(url, many)
  const load = startLoad()
  try {
    const usual = await contest(url, load, few)
    const crowd = await contest(url, load, many)
    return {
      tenants: few,
      rounds: plan.rounds,
      ratios: { ...usual.ratios, ...suffixed(crowd.ratios) },
      spread: { ...usual.spread, ...suffixed(crowd.spread) },
      figures: { ...usual.figures, ...suffixed(crowd.figures), callers: plan.callers, connections },
    }
  } finally {
    load.close()
  }
}

async function contest(url: string, load: Load, tenants: number): Promise<Comparison> {
  const ours = await served('partywall', ourApp(url), load, tenants)
  const rival = await served('qualified', qualifiedApp(url), load, tenants)
  try {
    const comparison = await compare(ours, [rival], plan)
    return { ...comparison, figures: withCosts(comparison.figures, [ours, rival]) }
  } finally {
    await Promise.all([ours.close(), rival.close()])
  }
}

function suffixed<V>(record: Record<string, V>): Record<string, V> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [`${name} (${many} tenants)`, value]))
}

/** What clients of the tenancy write today: there is no adapter for Fastify yet. */
function ourApp(url: string): FastifyInstance {
  const tenancy = createTenancy({
    database: url,
    pool: { max: connections, idleTimeoutMillis: 0 },
    resolve: [byHeader(header)],
  })
  const app = fastify()
  const enter = async (request: FastifyRequest, reply: FastifyReply, done: () => void): Promise<void> => {
    const resolution = await tenancy.resolve({ host: request.host, path: request.url, headers: request.headers })
    if (resolution.outcome === 'resolved') await tenancy.run(resolution.tenant, () => done())
    else await reply.code(404).send({ outcome: resolution.outcome })
  }
  // The form with a callback: what runs after `done` runs in the scope; a promise would not carry it out of the hook.
  app.addHook('onRequest', (request, reply, done) => void enter(request, reply, done).catch(done))
  app.get('/items', async () => (await tenancy.pool.query(pointQuery, [10])).rows)
  return app.addHook('onClose', () => tenancy.close())
}

/** The upper bound: no tenancy at all. */
function qualifiedApp(url: string): FastifyInstance {
  const pool = new Pool({ connectionString: url, max: connections, idleTimeoutMillis: 0 })
  pool.on('error', () => {})
  const app = fastify()
  app.get('/items', async (request) => {
    const { rows } = await pool.query(pointQuery.replace('items', `"${request.headers[header] as string}".items`), [10])
    return rows
  })
  return app.addHook('onClose', () => pool.end())
}

interface Served extends Player {
  /** Per round: of one core, what the clients took; and microseconds of this process for each request. */
  readonly costs: { readonly clientsCpuShare: number; readonly serverCpuMicros: number }[]
}

async function served(name: string, app: FastifyInstance, load: Load, tenants: number): Promise<Served> {
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/items`
  const costs: Served['costs'] = []
  return {
    name,
    costs,
    async play(callers, pieces) {
      const before = process.cpuUsage()
      const { cpuShare, ...round } = await load.fire({ url, header, tenants, callers, pieces })
      const { user, system } = process.cpuUsage(before)
      costs.push({ clientsCpuShare: cpuShare, serverCpuMicros: (user + system) / pieces })
      return round
    },
    close: () => app.close(),
  }
}

/** With what it cost. Clients that took near a whole core would be what is measured. */
function withCosts(figures: Comparison['figures'], players: readonly Served[]): Comparison['figures'] {
  return Object.fromEntries(
    players.map(({ name, costs }) => [
      name,
      {
        ...figures[name]!,
        clientsCpuShare: rounded(median(costs.map(({ clientsCpuShare }) => clientsCpuShare))),
        serverCpuMicros: Math.round(median(costs.map(({ serverCpuMicros }) => serverCpuMicros))),
      },
    ]),
  )
}
