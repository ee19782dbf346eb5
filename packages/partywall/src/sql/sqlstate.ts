/** PostgreSQL's error codes of five characters, by the names in its documentation. */
import { tenancyErrorOf } from '../errors.ts'

export const sqlState = {
  readOnlyTransaction: '25006',
  invalidSchemaName: '3F000',
  invalidPassword: '28P01',
  invalidAuthorization: '28000',
  insufficientPrivilege: '42501',
  undefinedTable: '42P01',
  duplicateObject: '42710',
  undefinedObject: '42704',
  duplicateSchema: '42P06',
  foreignKeyViolation: '23503',
  uniqueViolation: '23505',
  dependentObjects: '2BP01',
} as const

/**
 * The SQLSTATE with which PostgreSQL refused a statement, also when it is the cause of a TenancyError; undefined for any other error, and
 * when it refused the connection: a missing privilege to connect is none to create a table.
 */
export function sqlStateOf(error: unknown): string | undefined {
  const refusal = tenancyErrorOf(error)
  if (refusal !== undefined) return refusal.code === 'DATABASE_UNREACHABLE' ? undefined : sqlStateOf(refusal.cause)
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined
}
