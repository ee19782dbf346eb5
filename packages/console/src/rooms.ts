/** The rooms of the API, by their path below `api/`. */
import { operatorsRoutes } from './operators/routes.ts'
import { dataRoutes } from './data/routes.ts'
import { healthRoutes } from './health/routes.ts'
import { jobsRoutes } from './jobs/routes.ts'
import { logRoutes } from './log/routes.ts'
import { migrationsRoutes } from './migrations/routes.ts'
import type { ConsoleParts, Room } from './parts.ts'
import { tenantsRoutes } from './tenants/routes.ts'

export const rooms: Readonly<Record<string, (parts: ConsoleParts) => Room>> = {
  tenants: tenantsRoutes,
  operators: operatorsRoutes,
  data: dataRoutes,
  health: healthRoutes,
  jobs: jobsRoutes,
  log: logRoutes,
  migrations: migrationsRoutes,
}
