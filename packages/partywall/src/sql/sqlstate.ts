/** PostgreSQL's error codes of five characters, by the names in its documentation. */
import { tenancyErrorOf } from '../errors.ts'

export const sqlState = {
  readOnlyTransaction: '25006',
  invalidSchemaName: '3F000',
  insufficientPrivilege: '42501',
  undefinedTable: '42P01',
  duplicateSchema: '42P06',
  uniqueViolation: '23505',
} as const

/** The SQLSTATE of an error that PostgreSQL sent, also when it is the cause of a TenancyError; undefined for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  const refusal = tenancyErrorOf(error)
  if (refusal !== undefined) return sqlStateOf(refusal.cause)
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined
}
