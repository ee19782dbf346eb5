/** What `tenancy.drift` needs of the rooms. It is loaded when it is needed: no other use of a tenancy pays for it. */
import type { DriftOptions } from './lifecycle/drift/drift-options.ts'
import type { DriftReport } from './lifecycle/drift/drift-report.ts'
import type { Rooms } from './tenancy-rooms.ts'

export async function driftIn(rooms: Rooms<any>, options: DriftOptions): Promise<DriftReport> {
  const { findDrift } = await import(/* webpackMode: "eager" */ './lifecycle/drift/find-drift.ts')
  const { access, catalog, options: given, sources, tenants } = rooms
  return findDrift({ deploy: catalog.deploy, access, options: given, sources, tenants }, options)
}
