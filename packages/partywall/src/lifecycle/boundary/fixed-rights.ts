/** What belongs to no tenant: the catalog, the shared schema, and the fixed roles. */
import { giveCatalog, type Access } from '../../catalog/roles/access.ts'
import type { RoleNames } from '../../catalog/roles/role-names.ts'
import { mayUseSql, ownedInSql, roleExistsSql, type Ownable } from '../../catalog/roles/rights-sql.ts'
import { giveRights } from '../../catalog/roles/rights.ts'
import { dropRoleSql, policiesOfSql, takePresentSql, takeSchemaSql } from '../../catalog/roles/take-rights-sql.ts'
import { needsRoles } from '../../config/boundary-option.ts'
import type { Options } from '../../config/options.ts'
import { TenancyError } from '../../errors.ts'
import { catalogSchema } from '../../names/identifier.ts'
import type { Transaction } from '../../ports/database.ts'
import { schemaExistsSql, transactionLockSql } from '../../sql/schema-sql.ts'
import { heldInSql } from './held-rights-sql.ts'
import { takeOwnership } from './ownership.ts'

/** That of the installation of the catalog. */
const installLock = 'partywall: install the catalog'

type FixedOptions = Pick<Options, 'boundary' | 'sharedSchema' | 'extraSearchPath'>

/**
 * Takes the catalog and the shared tables from the login that owned them before. The login keeps rights on their rows, because processes of the
 * version before still use them.
 * @throws TenancyError NOT_PERMITTED where another role owns the catalog
 */
export async function ownFixed(transaction: Transaction, { sharedSchema }: FixedOptions, names: RoleNames): Promise<void> {
  await transaction.query(transactionLockSql(installLock))
  for (const schema of [catalogSchema, sharedSchema]) {
    if ((await transaction.query(schemaExistsSql(schema))).rows.length === 0) continue
    const { formerOwners, left } = await takeOwnership(transaction, schema, names.deploy)
    if (schema === catalogSchema && left.length > 0) throw notOwner(left, names)
    if (formerOwners.includes(names.login)) await giveRights(transaction, schema, [names.login], 'read and write')
  }
}

/** What the fixed roles may do, after the catalog was installed or upgraded. Rights of the login on its rows become those that it would get now. */
export async function giveFixed(transaction: Transaction, access: Access, names: RoleNames): Promise<void> {
  await transaction.query(transactionLockSql(installLock))
  await access.give(transaction)
  await access.giveShared(transaction)
  const { rows } = await transaction.query<{ usable: string }>(mayUseSql(catalogSchema, names.login))
  if (rows[0]?.usable === 'true' && names.login !== names.deploy) await giveCatalog(transaction, names.login, names)
}

/** The last step: the login, or the fixed roles where no tenant has a role any more, lose what they do not need. @returns whether there was something to take */
export async function takeFixed(transaction: Transaction, options: FixedOptions, names: RoleNames): Promise<boolean> {
  const { boundary, sharedSchema, extraSearchPath } = options
  const hasRoles = needsRoles(boundary)
  const fixed = [names.tenants, names.granter, names.shared, names.catalog]
  const losers = boundary.default !== 'path' && names.login !== names.deploy ? [names.login] : []
  if (!hasRoles) {
    for (const role of fixed) if ((await transaction.query(roleExistsSql(role))).rows.length > 0) losers.push(role)
  }
  if (losers.length === 0) return false
  const schemas = [catalogSchema, sharedSchema, ...extraSearchPath]
  const held = (await transaction.query<{ schema: string }>(heldInSql(schemas, losers))).rows.map(({ schema }) => schema)
  for (const schema of held) {
    const present = (await transaction.query<Ownable & Record<string, unknown>>(ownedInSql(schema))).rows
    const texts = losers.flatMap((role) => [takeSchemaSql(schema, role), takePresentSql(present, role)])
    await transaction.query({ text: texts.join('\n') })
  }
  if (!hasRoles) {
    const policies = (await transaction.query<{ text: string }>(policiesOfSql(names.shared))).rows.map(({ text }) => text)
    await transaction.query({ text: [...policies, ...losers.map(dropRoleSql)].join('\n') })
  }
  return held.length > 0 || !hasRoles
}

function notOwner(left: readonly string[], { deploy, login }: RoleNames): TenancyError {
  const seen = left.slice(0, 3).join(', ')
  if (deploy === login) {
    return new TenancyError(
      'NOT_PERMITTED',
      `The login ${JSON.stringify(deploy)} of the option "database" does not own the catalog (${seen}), and may not take it. Set the option ` +
        '"database.deploy" to the role that owns it.',
    )
  }
  return new TenancyError(
    'NOT_PERMITTED',
    `The role ${JSON.stringify(deploy)} of the option "database.deploy" does not own the catalog (${seen}), and may not take it. As a ` +
      `superuser, in this database, run: reassign owned by … to …; or make the owner a group of the deploy role for the upgrade: grant … to …;`,
  )
}
