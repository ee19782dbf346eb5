/** What belongs to no tenant: the catalog, the shared schema, and the fixed roles. */
import type { Access } from '../../catalog/roles/access.ts'
import type { RoleNames } from '../../catalog/roles/role-names.ts'
import { onlyReadSql, ownedInSql, roleExistsSql, type Ownable } from '../../catalog/roles/rights-sql.ts'
import { giveRights } from '../../catalog/roles/rights.ts'
import { dropRoleSql, takePresentSql, takeSchemaSql } from '../../catalog/roles/take-rights-sql.ts'
import { needsRoles } from '../../config/boundary-option.ts'
import type { Options } from '../../config/options.ts'
import { TenancyError } from '../../errors.ts'
import { catalogSchema } from '../../names/identifier.ts'
import type { Transaction } from '../../ports/database.ts'
import { schemaExistsSql, transactionLockSql } from '../../sql/schema-sql.ts'
import { takeOwnership } from './ownership.ts'

type FixedOptions = Pick<Options, 'boundary' | 'sharedSchema' | 'extraSearchPath'>

/**
 * Gives the fixed roles their rights. Where the login owned the catalog or shared tables, it keeps rights on them, because processes of the version
 * before still use them.
 * @throws TenancyError NOT_PERMITTED where another role owns the catalog
 */
export async function giveFixed(
  transaction: Transaction,
  access: Access,
  options: FixedOptions,
  names: RoleNames,
): Promise<void> {
  await transaction.query(transactionLockSql('partywall: install the catalog'))
  for (const schema of [catalogSchema, options.sharedSchema]) {
    if ((await transaction.query(schemaExistsSql(schema))).rows.length === 0) continue
    const { formerOwners, left } = await takeOwnership(transaction, schema, names.deploy)
    if (schema === catalogSchema && left.length > 0) throw notOwner(left, names.deploy)
    if (!formerOwners.includes(names.login)) continue
    await giveRights(transaction, schema, [names.login], 'read and write')
    if (schema === catalogSchema) await transaction.query({ text: onlyReadSql(schema, 'migrations', names.login) })
  }
  await access.give(transaction)
  await access.giveShared(transaction)
}

/** The last step: the login, or the fixed roles where no tenant has a role any more, lose what they do not need. */
export async function takeFixed(transaction: Transaction, options: FixedOptions, names: RoleNames): Promise<void> {
  const { boundary, sharedSchema, extraSearchPath } = options
  const hasRoles = needsRoles(boundary)
  const fixed = [names.tenants, names.granter, names.shared, names.catalog]
  const losers = boundary.default !== 'path' && names.login !== names.deploy ? [names.login] : []
  if (!hasRoles) {
    for (const role of fixed) if ((await transaction.query(roleExistsSql(role))).rows.length > 0) losers.push(role)
  }
  if (losers.length === 0) return
  for (const schema of [catalogSchema, sharedSchema, ...extraSearchPath]) {
    const present = (await transaction.query<Ownable & Record<string, unknown>>(ownedInSql(schema))).rows
    const texts = losers.flatMap((role) => [takeSchemaSql(schema, role), takePresentSql(present, role)])
    await transaction.query({ text: texts.join('\n') })
  }
  if (!hasRoles) await transaction.query({ text: losers.map(dropRoleSql).join('\n') })
}

function notOwner(left: readonly string[], deploy: string): TenancyError {
  return new TenancyError(
    'NOT_PERMITTED',
    `The role ${deploy} of the option "database.deploy" does not own the catalog (${left.slice(0, 3).join(', ')}), and may not take it. As a ` +
      `superuser, in this database, run: reassign owned by … to …; or make the owner a group of the deploy role for the upgrade: grant … to …;`,
  )
}
