/** Each write of rows is in the audit before it is made: who, whose table, which row, which columns. Never a value beside the key. */
import type { AnyTenancy } from '../parts.ts'
import { addressOf } from './address.ts'
import type { Place } from './place.ts'

export interface Write {
  readonly action: 'row.created' | 'row.changed' | 'row.deleted'
  readonly table: string
  /** As in addresses. Absent: the row has none yet. */
  readonly key?: string
  readonly columns?: readonly string[]
}

const longestObject = 1000
const longestColumns = 500

/** The object is the end of the address of the row in the console, so that the entry leads there. */
export async function recordWrite(
  tenancy: AnyTenancy,
  { tenant }: Place,
  { action, table, key, columns = [] }: Write,
): Promise<void> {
  const whole = key === undefined ? addressOf(table) : `${addressOf(table)}/${key}`
  await tenancy.audit.record({
    action,
    ...(tenant !== undefined && { tenant: { id: tenant.id } }),
    object: whole.length > longestObject ? addressOf(table) : whole,
    ...(columns.length > 0 && { details: { columns: columns.join(', ').slice(0, longestColumns).toWellFormed() } }),
  })
}
