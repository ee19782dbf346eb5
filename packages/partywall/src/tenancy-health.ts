/** What `tenancy.health` gives to the room that looks: the catalog without its installation, the pool, and what each schema lacks. */
import { Health, pingSql } from './observe/health/health.ts'
import type { FleetCounts } from './observe/health/health-report.ts'
import { planSchemas } from './migrations/run/statuses.ts'
import type { Rooms } from './tenancy-rooms.ts'

export function healthOf({ database, catalog, tenants, sources, options }: Rooms<any>): Health {
  return new Health({
    // Not by the catalog, whose first statement installs it.
    ask: (timeoutMs) => database.query(pingSql(timeoutMs)),
    pool: () => {
      const { totalCount, idleCount, waitingCount } = database.pool
      return { total: totalCount, idle: idleCount, waiting: waitingCount, max: options.pool.max }
    },
    changes: () => (options.tenantCacheMs === 0 ? 'off' : tenants.period() === undefined ? 'unseen' : 'seen'),
    async countFleet(): Promise<FleetCounts> {
      const counts = { atHead: 0, behind: 0, ahead: 0, failed: 0 }
      for (const { pending, ahead, problem } of await planSchemas('health', { catalog, tenants, sources, options }, {})) {
        if (problem !== undefined) counts.failed += 1
        else if (pending.length > 0) counts.behind += 1
        else if (ahead.length > 0) counts.ahead += 1
        else counts.atHead += 1
      }
      return counts
    },
  })
}
