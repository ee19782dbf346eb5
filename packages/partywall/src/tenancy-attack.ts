/** What `tenancy.attack` gives to the attacks: the ways by which an application reaches its tenants, and the role that owns their schemas. */
import type { AttackReport } from './attack/report.ts'
import type { AttackHost, AttackOptions } from './attack/run-attacks.ts'
import type { BoundaryName } from './attack/groups/attack.ts'
import { completeNewSchema, giveNewSchema } from './catalog/roles/tenant-role.ts'
import { boundaryOf } from './config/boundary-option.ts'
import type { Boundary } from './config/config.ts'
import type { Options } from './config/options.ts'
import { isDirect } from './database/pool/checked-out-client.ts'
import { unknownKind } from './migrations/sources/unknown-kind.ts'
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
  return {
    options,
    owner: catalog.deploy,
    async give(transaction, tenant) {
      await giveNewSchema(transaction, access, options, tenant)
      await completeNewSchema(transaction, access, options, tenant)
    },
    checkedKind: (given) => checkedKind(options, given),
    boundaryOf: (kind) => boundaryOfKind(options, kind),
    sharedBoundary: nameOf(options.boundary.default, options),
    othersThan: (kind) => othersThan(options, kind),
    roleOf: (tenant) => (boundaryOf(options.boundary, tenant) === 'path' ? 'none' : tenantRole(tenant.id)),
    lendPool: (size, fn) => database.lendPool(size, fn),
    isDirect,
    run: (tenant, fn) => entrance.run(tenant, fn),
    runShared: (fn) => entrance.runShared(fn),
    session: (tenant, fn) => entrance.session(tenant, fn),
    runOutside: (fn) => scope.runOutside(fn),
    bind: (fn) => scope.bind(fn),
  }
}

function checkedKind({ migrations }: Pick<Options, 'migrations'>, kind = 'default'): string {
  if (typeof kind === 'string' && Object.hasOwn(migrations.tenant, kind)) return kind
  throw unknownKind(kind, Object.keys(migrations.tenant))
}

type BoundaryOptions = Pick<Options, 'boundary' | 'strict' | 'migrations'>

function boundaryOfKind(options: BoundaryOptions, kind: string): BoundaryName {
  return nameOf(boundaryOf(options.boundary, { id: '', schema: '', kind }), options)
}

function nameOf(boundary: Boundary, { strict }: BoundaryOptions): BoundaryName {
  return boundary === 'role' && strict ? 'role strict' : boundary
}

function othersThan(options: BoundaryOptions, kind: string): AttackReport['otherBoundaries'] {
  const own = boundaryOf(options.boundary, { id: '', schema: '', kind })
  const kinds = Object.keys(options.migrations.tenant).filter(
    (one) => boundaryOf(options.boundary, { id: '', schema: '', kind: one }) !== own,
  )
  const tenants = Object.entries(options.boundary.tenants).filter(([, boundary]) => boundary !== own)
  return { kinds, tenants: tenants.map(([name]) => name) }
}
