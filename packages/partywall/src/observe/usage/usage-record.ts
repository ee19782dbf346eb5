/** Makes the records of what tenants use. */
import type { UsageRecord } from '../../usage-record.ts'
import { counterNames, type Counters } from '../meter/sheet.ts'

/** @param numbers in the order of `counterNames` */
export function countersOf(numbers: readonly number[]): Counters {
  return Object.fromEntries(counterNames.map((name, index) => [name, numbers[index]!])) as unknown as Counters
}

export interface RecordParts {
  readonly sheetId: string
  readonly tenantId: string
  readonly from: Date
  readonly until: Date
  readonly isFinal: boolean
  readonly numbers: readonly number[]
}

export function recordOf({ sheetId, tenantId, from, until, isFinal, numbers }: RecordParts): UsageRecord {
  return Object.freeze({ id: `${sheetId}/${tenantId}`, tenantId, from, until, isFinal, ...countersOf(numbers) })
}
