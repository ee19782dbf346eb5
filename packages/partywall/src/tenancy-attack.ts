/** What `tenancy.attack` gives to the attacks: the ways by which an application reaches its tenants, and the role that owns their schemas. */
import type { AttackReport } from './attack/report.ts'
import type { AttackHost, AttackOptions } from './attack/run-attacks.ts'
import type { BoundaryName } from './attack/groups/attack.ts'
import { completeNewSchema, giveNewSchema } from './catalog/roles/tenant-role.ts'
import { boundaryOf } from './config/boundary-option.ts'
import { isDirect } from './database/pool/checked-out-client.ts'
import { tenantRole } from './names/role-name.ts'
import type { Rooms } from './tenancy-rooms.ts'

/** The ways into a scope. */
type Entrance = Pick<AttackHost, 'run' | 'runShared' | 'session'>

/** The attacks are loaded when they are needed: no other use of a tenancy pays for them. */
export function attackOf(rooms: Rooms<any>, entrance: Entrance): (options?: AttackOptions) => Promise<AttackReport> {
  return async (options) => {
    const { runAttacks } = await import(/* webpackMode: "eager" */ './attack/run-attacks.ts')
    return runAttacks(hostOf(rooms, entrance), options)
  }
}

function hostOf({ options, access, catalog, database, scope }: Rooms<any>, entrance: Entrance): AttackHost {
  const boundary = boundaryOf(options.boundary, { id: '', schema: '', kind: 'default' })
  return {
    options,
    owner: catalog.deploy,
    async give(transaction, tenant) {
      await giveNewSchema(transaction, access, options, tenant)
      await completeNewSchema(transaction, access, options, tenant)
    },
    boundary: nameOf(boundary, options.strict),
    roleOf: ({ id }) => (boundary === 'path' ? 'none' : tenantRole(id)),
    lendPool: (size, fn) => database.lendPool(size, fn),
    isDirect,
    run: (tenant, fn) => entrance.run(tenant, fn),
    runShared: (fn) => entrance.runShared(fn),
    session: (tenant, fn) => entrance.session(tenant, fn),
    runOutside: (fn) => scope.runOutside(fn),
    bind: (fn) => scope.bind(fn),
  }
}

function nameOf(boundary: ReturnType<typeof boundaryOf>, isStrict: boolean): BoundaryName {
  return boundary === 'role' && isStrict ? 'role strict' : boundary
}
