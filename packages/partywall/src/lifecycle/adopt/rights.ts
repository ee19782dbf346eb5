/** The rights in an adopted schema: as the boundary of the tenant says, and none of the boundary that its tables come from. */
import type { Access } from '../../catalog/roles/access.ts'
import { ownedInSql, roleExistsSql, type Ownable } from '../../catalog/roles/rights-sql.ts'
import { takePresentSql } from '../../catalog/roles/take-rights-sql.ts'
import { boundaryOf } from '../../config/boundary-option.ts'
import type { Options } from '../../config/options.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Tenant } from '../../types.ts'
import { changeWall } from '../boundary/change-wall.ts'
import { stillLacks } from '../boundary/boundary-errors.ts'
import { readWalls } from '../boundary/walls.ts'

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
  if (!access.isNeeded) return
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
  const [after] = await walls()
  if (after!.lacks.length > 0 || notOwned.length > 0) throw stillLacks(tenant.schema, after!.lacks, notOwned)
}
