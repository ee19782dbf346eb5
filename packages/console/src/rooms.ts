/** The rooms of the API, by their path below `api/`. */
import { operatorsRoutes } from './operators/routes.ts'
import { dataRoutes } from './data/routes.ts'
import type { ConsoleParts, Room } from './parts.ts'
import { tenantsRoutes } from './tenants/routes.ts'

export const rooms: Readonly<Record<string, (parts: ConsoleParts) => Room>> = {
  tenants: tenantsRoutes,
  operators: operatorsRoutes,
  data: dataRoutes,
}
