/** What `tenancy.attack` gives to the attacks: the ways by which an application reaches its tenants, and the role that owns their schemas. */
import type { AttackReport } from './attack/report.ts'
import type { AttackHost, AttackOptions } from './attack/run-attacks.ts'
import type { BoundaryName } from './attack/groups/attack.ts'
import type { Catalog } from './catalog/catalog.ts'
import type { Access } from './catalog/roles/access.ts'
import { completeNewSchema, giveNewSchema } from './catalog/roles/tenant-role.ts'
import { boundaryOf } from './config/boundary-option.ts'
import type { PublicOptions } from './config/options.ts'
import type { OpenDatabase } from './database/open-database.ts'
import { isDirect } from './database/pool/checked-out-client.ts'
import { tenantRole } from './names/role-name.ts'
import type { Scope } from './scope/scope.ts'

interface AttackParts {
  readonly options: PublicOptions
  readonly access: Access
  readonly catalog: Catalog
  readonly database: OpenDatabase
  readonly scope: Scope<any>
  readonly tenancy: Pick<AttackHost, 'run' | 'runShared' | 'session'>
}

/** The attacks are loaded when they are needed: no other use of a tenancy pays for them. */
export function attackOf(parts: AttackParts): (options?: AttackOptions) => Promise<AttackReport> {
  return async (options) => {
    const { runAttacks } = await import(/* webpackMode: "eager" */ './attack/run-attacks.ts')
    return runAttacks(hostOf(parts), options)
  }
}

function hostOf({ options, access, catalog, database, scope, tenancy }: AttackParts): AttackHost {
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
    run: (tenant, fn) => tenancy.run(tenant, fn),
    runShared: (fn) => tenancy.runShared(fn),
    session: (tenant, fn) => tenancy.session(tenant, fn),
    runOutside: (fn) => scope.runOutside(fn),
    bind: (fn) => scope.bind(fn),
  }
}

function nameOf(boundary: ReturnType<typeof boundaryOf>, isStrict: boolean): BoundaryName {
  return boundary === 'role' && isStrict ? 'role strict' : boundary
}
