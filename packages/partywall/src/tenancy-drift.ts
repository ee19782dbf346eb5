/** What `tenancy.drift` and the option `migrations.onDrift` need of the rooms. They are loaded when they are needed: no other use pays for them. */
import type { DriftOptions } from './lifecycle/drift/drift-options.ts'
import type { DriftReport } from './lifecycle/drift/drift-report.ts'
import type { DriftParts } from './lifecycle/drift/drift.ts'
import type { FindDrifted } from './migrations/run/refuse-drifted.ts'
import type { TenantsApi } from './tenancy-tenants.ts'
import type { Rooms } from './tenancy-rooms.ts'
import type { Tenant } from './types.ts'

export type { DriftOptions, DriftReport }

export async function driftIn(rooms: Rooms<any>, options: DriftOptions): Promise<DriftReport> {
  const { findDrift } = await import(/* webpackMode: "eager" */ './lifecycle/drift/find-drift.ts')
  return findDrift(partsOf(rooms), options)
}

/** The rooms, with what finds the tenants that a run should not migrate. */
export function withDriftGate<A extends object>(rooms: Rooms<A>): Rooms<A> & { readonly findDrifted: FindDrifted } {
  return {
    ...rooms,
    findDrifted: async (tenants) => {
      const { findDrifted } = await import(/* webpackMode: "eager" */ './lifecycle/drift/gate.ts')
      return findDrifted(partsOf(rooms), tenants)
    },
  }
}

/** The same, where a tenant that drifted is refused or reported before it is activated. */
export function activatedWithoutDrift<A extends object, I extends object>(
  rooms: Rooms<A>,
  api: TenantsApi<A, I>,
): TenantsApi<A, I> {
  const { onDrift } = rooms.options.migrations
  if (onDrift === undefined) return api
  return {
    ...api,
    async activate(ref) {
      const tenant: Tenant<A> = await rooms.tenants.get(ref)
      const { assertActivatable } = await import(/* webpackMode: "eager" */ './lifecycle/drift/gate.ts')
      if (tenant.status !== 'active') await assertActivatable(partsOf(rooms), tenant, onDrift)
      return api.activate(ref)
    },
  }
}

function partsOf({ access, catalog, options, sources, tenants }: Rooms<any>): DriftParts {
  return { deploy: catalog.deploy, access, options, sources, tenants }
}
