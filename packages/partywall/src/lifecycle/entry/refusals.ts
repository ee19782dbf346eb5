/** The errors for a tenant whose statements would reach tables of the shared schema. They name tables, but no rows. */
import { TenancyError } from '../../errors.ts'
import { listed } from '../../migrations/plan/mismatches.ts'
import { shadowAdvice } from '../../migrations/plan/shadowed.ts'

/** The shared schema and tenants of this kind have the names. */
export function unlistedNames(schema: string, names: readonly string[]): TenancyError {
  return new TenancyError(
    'NAME_IN_BOTH_SCOPES',
    `The tenant ${JSON.stringify(schema)} was not entered: the shared schema and the schemas of tenants of its kind both have ` +
      `${quoted(names)}. ${shadowAdvice(names[0]!)}`,
    { details: { schema, names, missing: false } },
  )
}

/** The tenant lacks the names, and should have them. */
export function missingNames(schema: string, names: readonly string[]): TenancyError {
  return new TenancyError(
    'NAME_IN_BOTH_SCOPES',
    `The tenant ${JSON.stringify(schema)} was not entered: it lacks ${quoted(names)}, which other tenants of its kind have, or had after the ` +
      'same migrations; and the shared schema has a table of that name, which it would read and write. Create the table there again, or apply the ' +
      'migration that creates it: tenancy.session(tenant, fn, { repair: true }) enters the tenant. If it is to go, a migration drops it afterwards.',
    { details: { schema, names, missing: true } },
  )
}

export function behindTheHead(
  schema: string,
  pending: readonly string[],
  { object, cause }: { readonly object?: string; readonly cause?: unknown } = {},
): TenancyError {
  const isOne = pending.length === 1
  const why =
    object !== undefined
      ? `${isOne ? 'It creates' : 'They create'} ${JSON.stringify(object)}, and the shared schema has that name, so the tenant would use the shared one.`
      : cause !== undefined
        ? 'What would be created could not be read, and the shared schema may have the name.'
        : 'The option "behind" is "refuse".'
  return new TenancyError(
    'TENANT_BEHIND',
    `The tenant ${JSON.stringify(schema)} was not entered: ${isOne ? 'the migration' : 'the migrations'} ${listed(pending)} ` +
      `${isOne ? 'is' : 'are'} pending there. ${why} Run the migrations before the new code is started: npx partywall migrate.`,
    { details: { schema, pending, object }, ...(cause !== undefined && { cause }) },
  )
}

function quoted(names: readonly string[]): string {
  return listed(names.map((name) => JSON.stringify(name)))
}
