/**
 * What it costs to count and to watch statements: the point query for a tenant picked by Zipf, by partywall alone, with metering, with a subscriber of the end of each statement, and
 * with metrics for Prometheus. Each in a tenancy of its own; a subscriber leaves the others alone, but they pay for its messages, so each plays against partywall without any.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Registry } from 'prom-client'
import { createTenancy, type Config } from 'partywall'
import { tenancyMetrics } from '../../packages/partywall/src/observe/prometheus/prometheus.ts'
import { joined, type Comparison } from '../measuring/comparison.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { compare, player, type Contestant, type Plan } from '../measuring/rounds.ts'
import { createFleet, picker, pointQuery, tenantsOf } from '../queries/fleet.ts'

const tenants = 1000
const plan: Plan = { callers: 8, pieces: 5000, warmUp: 10_000, rounds: 9 }

export async function observe(url: string): Promise<Outcome> {
  await createFleet(url, tenants)
  const metered = await against(url, 'metered', { usage: true })
  const watched = await against(url, 'subscriber', {}, () => {
    let number = 0
    const count = (): void => void (number += 1)
    subscribe('partywall:statement.ended', count)
    return () => void unsubscribe('partywall:statement.ended', count)
  })
  const measured = await against(url, 'prometheus', {}, (tenancy) => tenancyMetrics(tenancy, { register: new Registry() }))
  return { tenants, rounds: plan.rounds, ...joined(joined(metered, watched), measured) }
}

type Watching = (tenancy: ReturnType<typeof createTenancy>) => () => void

/** @param watch begins to watch before each turn of the contestant; what it returns ends it, so that its rival is not watched */
async function against(url: string, name: string, options: Config, watch?: Watching): Promise<Comparison> {
  const plain = await contestant(url, 'partywall')
  const other = await contestant(url, name, options, watch)
  try {
    return await compare(player(plain), [other], plan)
  } finally {
    await Promise.all([plain, other].map((one) => one.close()))
  }
}

async function contestant(
  url: string,
  name: string,
  options: Config = {},
  watch?: Watching,
): Promise<Contestant & ReturnType<typeof player>> {
  const tenancy = createTenancy({ ...options, database: url, pool: { max: 20, idleTimeoutMillis: 0 } })
  const found = await tenantsOf(tenancy, tenants)
  const pick = picker(tenants, 'zipf')
  const work = (): Promise<unknown> => tenancy.run(found[pick()]!, () => tenancy.pool.query(pointQuery, [10]))
  const own = player({ name, work, close: () => tenancy.close() })
  return {
    ...own,
    work,
    async play(callers, pieces) {
      const stop = watch?.(tenancy)
      try {
        return await own.play(callers, pieces)
      } finally {
        stop?.()
      }
    },
  }
}
