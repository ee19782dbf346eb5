/**
 * tenancy.boundary.rotate: the next password for tenants that log in themselves. Each tenant is a transaction of its own, so a run that was killed leaves
 * each tenant with a password that the catalog knows, and is resumed by the time at which it began. Connections that are open stay so.
 */
import { recordAction } from '../catalog/audit/record.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Access } from '../catalog/roles/access.ts'
import { giveNextPassword } from '../catalog/roles/tenant-login.ts'
import { statusOfMigrated } from '../catalog/tenants/moves.ts'
import { checkedSelection } from '../catalog/tenants/selection.ts'
import type { Tenants } from '../catalog/tenants/tenants.ts'
import { boundaryOf } from '../config/boundary-option.ts'
import type { Options } from '../config/options.ts'
import { TenancyError } from '../errors.ts'
import { forEachTenant, type ForEachEntry, type ForEachOptions } from '../fleet/for-each.ts'
import { tenantRole } from '../names/role-name.ts'
import { explainPrivilege } from '../sql/privilege.ts'
import type { FleetReport, Tenant } from '../types.ts'

export interface RotateOptions extends ForEachOptions {
  /** Leaves out tenants whose password was made at this time or later: give the time at which an earlier run began, to resume it. @default none */
  readonly notSince?: Date | undefined
  /**
   * Also ends the connections that are logged in with the old password, in every process: their statements fail. The role of `database.deploy` needs
   * to be a member of pg_signal_backend. @default false: each is closed when it is idle for long enough
   */
  readonly endConnections?: boolean | undefined
}

export interface Rotated {
  /** The number of the new password; undefined when `notSince` left the tenant out. */
  readonly generation: number | undefined
}

export interface RotateParts<A extends object> {
  readonly catalog: Catalog
  readonly access: Access
  readonly tenants: Tenants<A>
  readonly options: Pick<Options, 'boundary'>
  /** Closes the connections of this process that are logged in as the tenant, as soon as they are idle. */
  readonly endLogin: (tenantId: string) => void
}

export async function rotateLogins<A extends object>(
  parts: RotateParts<A>,
  { notSince, endConnections = false, ...options }: RotateOptions = {},
): Promise<FleetReport<ForEachEntry<Rotated>>> {
  if (notSince !== undefined && !(notSince instanceof Date && !Number.isNaN(notSince.getTime()))) {
    throw new TenancyError('INVALID_ARGUMENT', '"notSince" of boundary.rotate must be a Date.', {
      details: { option: 'notSince' },
    })
  }
  return forEachTenant<A, Rotated>(
    {
      async select(selection) {
        const checked = checkedSelection('boundary.rotate', selection, statusOfMigrated)
        const tenants = await parts.tenants.select(checked)
        return checked.named === undefined ? tenants.filter((tenant) => hasLogin(parts, tenant)) : tenants
      },
    },
    (tenant) => rotateOne(parts, tenant, notSince, endConnections),
    options,
  )
}

async function rotateOne<A extends object>(
  parts: RotateParts<A>,
  tenant: Tenant<A>,
  notSince: Date | undefined,
  endConnections: boolean,
): Promise<Rotated> {
  if (!hasLogin(parts, tenant)) throw notByLogin(tenant)
  const { catalog, access, tenants, endLogin } = parts
  try {
    const generation = await catalog.deploy.transaction(async (transaction) => {
      const given = await giveNextPassword(transaction, access, tenant, notSince)
      if (given !== undefined)
        await recordAction(transaction, {
          action: 'tenant.password',
          tenant,
          object: tenant.schema,
          details: { generation: given },
        })
      return given
    })
    if (endConnections && generation !== undefined) await endSessions(catalog, tenant)
    return { generation }
  } finally {
    // Also after a failure: when the connection broke during the commit, it is unknown whether it was done.
    tenants.forget(tenant.id)
    endLogin(tenant.id)
  }
}

async function endSessions(catalog: Catalog, { id, schema }: Tenant<any>): Promise<void> {
  try {
    await catalog.deploy.query({
      text: `
        select pg_catalog.pg_terminate_backend(session.pid)
        from pg_catalog.pg_stat_activity as session
        where session.usename = $1::name
          and session.datname = pg_catalog.current_database()`,
      values: [tenantRole(id)],
    })
  } catch (error) {
    throw explainPrivilege(
      error,
      `end the connections of the tenant ${JSON.stringify(schema)}, whose password was changed`,
      'As a superuser, run: grant pg_signal_backend to the role of the option "database.deploy".',
    )
  }
}

function hasLogin({ options }: Pick<RotateParts<any>, 'options'>, tenant: Tenant<any>): boolean {
  return boundaryOf(options.boundary, tenant) === 'login'
}

function notByLogin({ schema }: Tenant<any>): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    `The boundary of the tenant ${JSON.stringify(schema)} is not "login", so it has no password to rotate. Set the option "boundary" first.`,
    { details: { option: 'tenants' } },
  )
}
