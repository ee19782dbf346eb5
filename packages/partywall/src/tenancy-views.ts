/** `tenancy.views`: what it promises to its users. The work is loaded when it is first needed. */
import { reservedSchemas } from './config/options.ts'
import type { FleetView, FleetViewName, NewFleetView } from './fleet/views/views.ts'
import type { Rooms } from './tenancy-rooms.ts'

/** `tenancy.views`: views over a table of all tenants, with the columns `tenant_id` and `tenant_schema`. */
export interface FleetViewsApi {
  /**
   * Makes a view of the rows of all tenants that are active, suspended or in maintenance, for tools that speak SQL. It reads the catalog each time, so a tenant that is
   * created or deleted needs no refresh, and no tenant is held by it. Costs one transaction with about eight statements.
   * @example await tenancy.views.create('all_projects', { table: 'projects', grant: ['reporting'] }) // select * from fleet_views.all_projects
   * @throws TenancyError INVALID_ARGUMENT, INVALID_SCHEMA_NAME, SCHEMA_EXISTS, NOT_PERMITTED
   */
  create(name: string, view: NewFleetView): Promise<FleetView>
  /**
   * Gives a view, or all of them, the columns that the table has now: call it after migrations that add or change columns. Resolves to those that were changed.
   * @example await tenancy.views.refresh()
   * @throws TenancyError INVALID_ARGUMENT where there is no such view, or something depends on it; NOT_PERMITTED
   */
  refresh(name?: string, options?: FleetViewName): Promise<FleetView[]>
  /**
   * All views. One query.
   * @example for (const { name, table, readers } of await tenancy.views.list()) console.log(name, table, readers)
   */
  list(): Promise<FleetView[]>
  /**
   * Drops a view, and the function behind it.
   * @example await tenancy.views.drop('all_projects')
   * @throws TenancyError INVALID_ARGUMENT where there is no such view, or something depends on it; NOT_PERMITTED
   */
  drop(name: string, options?: FleetViewName): Promise<void>
}

export function fleetViewsApi({ catalog, options }: Pick<Rooms<any>, 'catalog' | 'options'>): FleetViewsApi {
  const parts = { deploy: catalog.deploy, reserved: reservedSchemas(options) }
  return Object.freeze({
    create: async (name, view) => (await load()).createView(parts, name, view),
    refresh: async (name, which) => (await load()).refreshViews(parts, name, which),
    list: async () => (await load()).listViews(parts),
    drop: async (name, which) => (await load()).dropView(parts, name, which),
  } satisfies FleetViewsApi)
}

const load = () => import(/* webpackMode: "eager" */ './fleet/views/views.ts')
