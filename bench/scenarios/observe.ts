/**
 * What it costs to count and to watch statements: the point query for a tenant picked by Zipf, by partywall alone, with metering, with a subscriber of the end of each statement, and
 * with metrics for Prometheus. Each in a tenancy of its own; a subscriber leaves the others alone, but they pay for its messages, so each plays against partywall without any.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { Registry } from 'prom-client'
import { createTenancy, type Config, type Tenant } from 'partywall'
import { usageOption } from '../../packages/partywall/src/config/usage-option.ts'
import { WireUse } from '../../packages/partywall/src/database/pool/wire-use.ts'
import { Observation } from '../../packages/partywall/src/observation.ts'
import { Meter } from '../../packages/partywall/src/observe/meter/meter.ts'
import { tenancyMetrics } from '../../packages/partywall/src/observe/prometheus/prometheus.ts'
import { joined, type Comparison } from '../measuring/comparison.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { median, rounded } from '../measuring/statistics.ts'
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
  const { ratios, spread, figures } = joined(joined(metered, watched), measured)
  return { tenants, rounds: plan.rounds, ratios, spread, figures: { ...figures, ...(await aloneMicros()) } }
}

/**
 * What the hooks themselves take of the processor of the caller, without a database and its noise: a scope is entered, a statement is admitted, sent and ended. In microseconds for
 * each statement: while nothing hears of it, and with metering.
 */
async function aloneMicros(): Promise<{ hooksMicros: number; meteringMicros: number }> {
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  const wire = new WireUse({ stream: socket } as unknown as ConstructorParameters<typeof WireUse>[0])
  const bindings = Array.from({ length: tenants }, (_, number) => {
    const tenant = { id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`, schema: `t${number}` } as Tenant
    return { schema: tenant.schema, tenant }
  })
  const micros = (observation: Observation): number => {
    const times = 1_000_000
    const began = process.cpuUsage()
    for (let time = 0; time < times; time++) {
      const binding = bindings[time % tenants]!
      if (observation.watchesScopes) observation.scope({ kind: 'tenant', tenant: binding.tenant }, () => time)
      observation.admit(binding)
      if (observation.watchesStatements) observation.statement(binding, pointQuery, wire)(undefined, 10)
    }
    const { user, system } = process.cpuUsage(began)
    return (user + system) / times
  }
  const metered = new Observation({})
  metered.meter = new Meter({ options: usageOption(true)!, onExceeded() {}, onFirst() {} })
  const rounds = Array.from({ length: 5 }, () => [micros(new Observation({})), micros(metered)] as const)
  socket.destroy()
  server.close()
  return { hooksMicros: rounded(median(rounds.map(([off]) => off))), meteringMicros: rounded(median(rounds.map(([, on]) => on))) }
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
