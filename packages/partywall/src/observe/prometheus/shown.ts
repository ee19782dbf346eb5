/** Metrics that show what the pools and the database are like at a scrape. */
import { Gauge, type GaugeConfiguration } from 'prom-client'
import { catalogKey } from '../../catalog-key.ts'
import type { Queryable } from '../../sql/statement.ts'
import type { FleetCounts, HealthReport } from '../health/health-report.ts'
import type { MeasuredTenancy, Named, PoolNumbers } from './measured-tenancy.ts'
import { Readings, type Reading } from './readings.ts'

/** Shows what the pools and the database are like at a scrape. */
export function show(
  tenancy: MeasuredTenancy,
  { everyMs, timeoutMs }: { everyMs: number; timeoutMs: number },
  named: Named,
): void {
  const readings = new Readings({
    catalog: tenancy[catalogKey] as Queryable,
    countFleet: async () => countsOf((await tenancy.health({ timeoutMs })).checks.fleet),
    everyMs,
    timeoutMs,
  })
  const pools = [
    ['tenants', tenancy.pool, tenancy.options.pool.max],
    ['shared', tenancy.sharedPool, tenancy.options.pool.sharedMax],
  ] as const
  const ofPool = (name: string, help: string, read: (pool: PoolNumbers, max: number) => number): unknown =>
    add({
      ...named(name),
      help,
      labelNames: ['pool'] as const,
      collect() {
        for (const [pool, numbers, max] of pools) this.set({ pool }, read(numbers, max))
      },
    })
  ofPool('pool_connections', 'Connections that are open.', ({ totalCount }) => totalCount)
  ofPool('pool_connections_busy', 'Connections that are lent.', ({ totalCount, idleCount }) => totalCount - idleCount)
  ofPool('pool_connections_max', 'Most connections that may be open.', (_, max) => max)
  ofPool('pool_waiting', 'Callers that wait for a connection.', ({ waitingCount }) => waitingCount)

  const read = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    set: (gauge: Gauge<L>, reading: Reading) => void,
  ): unknown =>
    add<L>({
      ...named(name),
      help,
      labelNames: [...labelNames],
      async collect() {
        const reading = await readings.get()
        // An old number would look like a new one. A gauge without labels would be set to 0 by `reset`.
        if (labelNames.length === 0) this.remove()
        else this.reset()
        if (reading !== undefined) set(this, reading)
      },
    })
  add({
    ...named('up'),
    help: 'Whether the database answered the last question.',
    async collect() {
      this.set((await readings.get()) === undefined ? 0 : 1)
    },
  })
  read('tenants', 'Tenants by kind and status.', ['kind', 'status'], (gauge, { tenants }) => {
    for (const [kind, status, number] of tenants) gauge.set({ kind, status }, number)
  })
  read('schemas', "Schemas of the database, without PostgreSQL's own.", [], (gauge, { schemas }) => gauge.set(schemas))
  read(
    'catalog_bytes',
    "Size of partywall's own tables and of PostgreSQL's largest ones, with their indexes.",
    ['catalog'],
    (gauge, { bytes }) => {
      gauge.set({ catalog: 'partywall' }, bytes.partywall)
      gauge.set({ catalog: 'postgres' }, bytes.postgres)
    },
  )
  read(
    'migration_schemas',
    'Schemas by how they stand to the migrations that this process knows.',
    ['state'],
    (gauge, { fleet }) => {
      if (fleet === undefined) return
      gauge.set({ state: 'at_head' }, fleet.atHead)
      gauge.set({ state: 'behind' }, fleet.behind)
      gauge.set({ state: 'ahead' }, fleet.ahead)
      gauge.set({ state: 'failed' }, fleet.failed)
    },
  )
}

/** Its registry holds it. */
function add<L extends string>(configuration: GaugeConfiguration<L>): Gauge<L> {
  return new Gauge(configuration)
}

function countsOf(fleet: HealthReport['checks']['fleet']): FleetCounts | undefined {
  if (fleet === undefined || fleet.state === 'unknown') return undefined
  const { atHead = 0, behind = 0, ahead = 0, failed = 0 } = fleet
  return { atHead, behind, ahead, failed }
}
