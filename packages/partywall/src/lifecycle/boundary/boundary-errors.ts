/** Why a tenant could not be changed, and what to do. */
import { TenancyError } from '../../errors.ts'
import { mayNotGive, rolesOfOthers } from '../../catalog/roles/admin-option.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import type { Queryable } from '../../sql/statement.ts'

/** Costs one statement where a privilege is missing. @param role that of the tenant */
export async function explained(
  error: unknown,
  { schema, role, deploy }: { readonly schema: string; readonly role: string; readonly deploy: string },
  queryable: Queryable,
): Promise<unknown> {
  if (sqlStateOf(error) === sqlState.dependentObjects) return dependsOn(error as Error & { detail?: string }, schema)
  if (sqlStateOf(error) === sqlState.insufficientPrivilege) {
    const ofOthers = await rolesOfOthers(queryable, [role])
    if (ofOthers.length > 0) return mayNotGive(`change the role of the tenant ${JSON.stringify(schema)}`, ofOthers, deploy, error)
  }
  return explainPrivilege(
    error,
    `change the rights in the schema ${JSON.stringify(schema)}`,
    'Give the role of the option "database.deploy" the right to create roles, and let it own the schema.',
  )
}

function dependsOn(error: Error & { detail?: string }, schema: string): TenancyError {
  const what = error.detail === undefined ? '' : ` (${error.detail.replaceAll('\n', '; ')})`
  return new TenancyError(
    'NOT_PERMITTED',
    `Rights in the schema ${JSON.stringify(schema)} were not changed, because others depend on what would be taken: ${error.message}${what}. ` +
      'Revoke these, then run this once more.',
    { cause: error },
  )
}

export function schemaMissing(schema: string): TenancyError {
  return new TenancyError('SCHEMA_MISSING', `The schema of the tenant ${JSON.stringify(schema)} is not in the database.`, {
    details: { schema },
  })
}

export function stillLacks(schema: string, lacks: readonly string[], notOwned: readonly string[] = []): TenancyError {
  const why =
    notOwned.length > 0
      ? `The deploy role may not take ${notOwned.slice(0, 5).join(', ')}${notOwned.length > 5 ? ` and ${notOwned.length - 5} more` : ''}. As a ` +
        'superuser, in this database, run: reassign owned by … to …;'
      : 'Another role has granted rights that the deploy role cannot revoke. `partywall boundary status` shows them.'
  return new TenancyError(
    'NOT_PERMITTED',
    `The schema ${JSON.stringify(schema)} is not in order yet (${lacks.join(', ')}). ${why}`,
  )
}

export function otherBoundary(direction: 'upgrade' | 'downgrade', schema: string, boundary: string): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    `The configuration gives the tenant ${JSON.stringify(schema)} the boundary '${boundary}', so there is nothing to ${direction}. Change the option ` +
      '"boundary" first.',
    { details: { option: 'tenants' } },
  )
}
