/**
 * Requests to an HTTP endpoint that lists ten rows of a tenant: an application of Express, Fastify and Hono with partywall's adapter against the same one
 * without tenancy, in turns.
 *
 * Tenants are picked evenly among a thousand. A tenant is looked up once and cached until it changes, so the measured requests do not query the catalog.
 */
import { startClients, type Clients } from '../http/clients.ts'
import { frameworks, partywallApp, qualifiedApp, tenantHeader, type App, type Framework } from '../http/contestants.ts'
import { joined, suffixed, type Comparison } from '../measuring/comparison.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { compare, type Plan, type Player } from '../measuring/rounds.ts'
import { median, rounded } from '../measuring/statistics.ts'
import { createFleet } from '../queries/fleet.ts'

const tenants = 1000
const connections = 20
const plan: Plan = { callers: 16, pieces: 6000, warmUp: 12_000, rounds: 7 }

export async function http(url: string): Promise<Outcome> {
  await createFleet(url, tenants)
  const clients = startClients()
  try {
    const contests: Comparison[] = []
    for (const framework of frameworks) contests.push(suffixed(await contest(framework, url, clients), framework))
    const { ratios, spread, figures } = contests.reduce(joined)
    return { tenants, rounds: plan.rounds, ratios, spread, figures: { ...figures, callers: plan.callers, connections } }
  } finally {
    clients.close()
  }
}

async function contest(framework: Framework, url: string, clients: Clients): Promise<Comparison> {
  const ours = served('partywall', await partywallApp(framework, url, connections), clients)
  const rival = served('qualified', await qualifiedApp(framework, url, connections), clients)
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

function served(name: string, { url, close }: App, clients: Clients): Served {
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
    close,
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
