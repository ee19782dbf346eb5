/** The key that a tenant has in another system, such as the id of an organisation in a hosted sign-in. */
import { TenancyError } from '../../errors.ts'
import { isExternalId, longestExternalId } from '../../names/external-id.ts'
import { seen } from '../../seen.ts'
import { sqlStateOf, sqlState } from '../../sql/sqlstate.ts'

/** @throws TenancyError INVALID_ARGUMENT */
export function assertExternalId(what: string, value: unknown): asserts value is string | null | undefined {
  if (value === undefined || value === null || isExternalId(value)) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `"externalId" of ${what} must be text of 1 to ${longestExternalId} characters, without control characters, or null for none; it is ${seen(value)}.`,
    { details: { option: 'externalId' } },
  )
}

/** The result of a statement that gives a tenant this external id. @throws TenancyError EXTERNAL_ID_EXISTS when another tenant has it */
export async function orExternalIdExists<T>(externalId: string | null | undefined, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const isTaken = sqlStateOf(error) === sqlState.uniqueViolation && constraintOf(error) === 'tenants_external_id_key'
    if (!isTaken || !isExternalId(externalId)) throw error
    throw new TenancyError(
      'EXTERNAL_ID_EXISTS',
      `The external id ${JSON.stringify(externalId)} belongs to a tenant already. tenancy.tenants.find({ externalId }) gives that tenant.`,
      { details: { externalId }, cause: error },
    )
  }
}

function constraintOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? (error as { constraint?: unknown }).constraint : undefined
}
