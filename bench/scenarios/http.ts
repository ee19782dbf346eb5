/**
 * Requests to an HTTP endpoint that lists ten rows of a tenant: partywall's application against one without tenancy, in turns.
 *
 * Tenants are picked evenly among a hundred, and among a thousand. A tenant is looked up once and cached until it changes, so with neither
 * number do the measured requests query the catalog: what differs is how many schemas each connection serves.
 */
import type { FastifyInstance } from 'fastify'
import { startClients, type Clients } from '../http/clients.ts'
import { partywallApp, qualifiedApp, tenantHeader } from '../http/contestants.ts'
import { joined, suffixed, type Comparison } from '../measuring/comparison.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { compare, type Plan, type Player } from '../measuring/rounds.ts'
import { median, rounded } from '../measuring/statistics.ts'
import { createFleet } from '../queries/fleet.ts'

const few = 100
const many = 1000
const connections = 20
const plan: Plan = { callers: 16, pieces: 6000, warmUp: 12_000, rounds: 7 }

export async function http(url: string): Promise<Outcome> {
  await createFleet(url, many)
  const clients = startClients()
  try {
    const withFew = await contest(url, clients, few)
    const withMany = await contest(url, clients, many)
    const { ratios, spread, figures } = joined(withFew, suffixed(withMany, `${many} tenants`))
    return { tenants: few, rounds: plan.rounds, ratios, spread, figures: { ...figures, callers: plan.callers, connections } }
  } finally {
    clients.close()
  }
}

async function contest(url: string, clients: Clients, tenants: number): Promise<Comparison> {
  const ours = await served('partywall', partywallApp(url, connections), clients, tenants)
  const rival = await served('qualified', qualifiedApp(url, connections), clients, tenants)
  try {
    const comparison = await compare(ours, [rival], plan)
    return { ...comparison, figures: withCosts(comparison.figures, [ours, rival]) }
  } finally {
    await Promise.all([ours.close(), rival.close()])
  }
}

interface Served extends Player {
  /** Per round: the share of one core that the clients used, and microseconds of this process for each request. */
  readonly costs: { readonly clientsCpuShare: number; readonly serverCpuMicros: number }[]
}

async function served(name: string, app: FastifyInstance, clients: Clients, tenants: number): Promise<Served> {
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/items`
  const costs: Served['costs'] = []
  return {
    name,
    costs,
    async play(callers, pieces) {
      const before = process.cpuUsage()
      const { cpuShare, ...round } = await clients.send({ url, header: tenantHeader, tenants, callers, pieces })
      const { user, system } = process.cpuUsage(before)
      costs.push({ clientsCpuShare: cpuShare, serverCpuMicros: (user + system) / pieces })
      return round
    },
    close: () => app.close(),
  }
}

/** Adds the processor time. Clients that used almost a whole core would have been the limit, instead of the application. */
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
