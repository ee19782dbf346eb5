/** The rights in an adopted schema: as the boundary of the tenant says, and none of the boundary that its tables come from. */
import type { Access } from '../../catalog/roles/access.ts'
import { ownedInSql, roleExistsSql, type Ownable } from '../../catalog/roles/rights-sql.ts'
import { takePresentSql } from '../../catalog/roles/take-rights-sql.ts'
import type { RoleNames } from '../../catalog/roles/role-names.ts'
import { boundaryOf } from '../../config/boundary-option.ts'
import type { Options } from '../../config/options.ts'
import { anyTenantPattern, tenantRole } from '../../names/role-name.ts'
import type { Transaction } from '../../ports/database.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Tenant } from '../../types.ts'
import type { ForeignGrant } from '../boundary/boundary-report.ts'
import { foreignGrantsSql } from '../boundary/foreign-grants-sql.ts'
import { ownedByOthersSql, type OwnedByOther } from '../boundary/ownership-sql.ts'
import { changeWall } from '../boundary/change-wall.ts'
import { stillLacks } from '../boundary/boundary-errors.ts'
import { readWalls } from '../boundary/walls.ts'
import { refusal } from './adopt-errors.ts'
import type { AdoptFinding } from './finding.ts'

/**
 * @param isMoved its tables were shared, so all tenants could read them. Rights that the owner gave to other roles are kept.
 * @throws TenancyError NOT_PERMITTED where the deploy role may not give these rights
 */
export async function giveAdopted(
  transaction: Transaction,
  access: Access,
  { boundary }: Pick<Options, 'boundary'>,
  tenant: Tenant<any>,
  { lockTimeoutMs, isMoved }: { readonly lockTimeoutMs: number; readonly isMoved: boolean },
): Promise<void> {
  if (!access.isNeeded) return assertMayAlter(transaction, tenant.schema)
  const names = await access.names(transaction)
  const member = { id: tenant.id, schema: tenant.schema, kind: tenant.kind }
  const walls = () => readWalls(transaction, names, boundary, [member])
  const [wall] = await walls()
  const { notOwned } =
    wall!.lacks.length === 0
      ? { notOwned: [] }
      : await changeWall(transaction, wall!, access, names, { lockTimeoutMs, finish: false })
  if (isMoved) {
    const isPath = boundaryOf(boundary, member) === 'path'
    const others = [names.tenants, names.shared, ...(isPath ? [] : [names.login])].filter((role) => role !== names.deploy)
    const present = (await transaction.query<Ownable & Record<string, unknown>>(ownedInSql(tenant.schema))).rows
    for (const role of others)
      if ((await transaction.query(roleExistsSql(role))).rows.length > 0)
        await transaction.query({ text: takePresentSql(present, role) || 'select' })
  }
  if (access.hasRoles) await assertClosed(transaction, tenant, names)
  const [after] = await walls()
  if (after!.lacks.length > 0 || notOwned.length > 0) throw stillLacks(tenant.schema, after!.lacks, notOwned)
}

/** Later migrations change what is there, and only an owner can. */
async function assertMayAlter(transaction: Transaction, schema: string): Promise<void> {
  const foreign = (await readJson<OwnedByOther>(transaction, ownedByOthersSql(schema))).filter(({ may_alter }) => !may_alter)
  if (foreign.length > 0)
    throw stillLacks(
      schema,
      ['owner'],
      foreign.map(({ object, owner }) => `${object} of ${JSON.stringify(owner)}`),
    )
}

/** A right that other tenants have by their roles, or as everyone, would pass the wall. Rights of other roles are the owner's own decision. */
async function assertClosed(transaction: Transaction, { id, schema }: Tenant<any>, names: RoleNames): Promise<void> {
  const grants = await readJson<ForeignGrant>(transaction, foreignGrantsSql([schema], [tenantRole(id)], names, mostGrants))
  const open = grants.filter(
    ({ grantee, object }) =>
      (grantee === 'public' && object.startsWith('schema ')) ||
      ofTenants.test(grantee) ||
      grantee === names.tenants ||
      grantee === names.shared,
  )
  if (open.length === 0) return
  const findings = open.map(({ object, grantee, privileges, fix }): AdoptFinding => ({
    kind: 'rights',
    object,
    sentence: `${grantee === 'public' ? 'Everyone' : `The role ${grantee}`} has rights on ${object} (${privileges}), so other tenants could reach it: ${fix}`,
  }))
  throw refusal('adopt', schema, findings, 'Revoke these rights first.')
}

const mostGrants = 1000
const ofTenants = new RegExp(anyTenantPattern)
