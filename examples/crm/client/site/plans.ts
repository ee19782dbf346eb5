/** What the price list says, in words. */
import type { Limits, Plan } from '../../src/api/schemas/billing.ts'
import { bytesText } from '../common/bytes.ts'

export function priceText({ priceCents, currency }: Pick<Plan, 'priceCents' | 'currency'>): string {
  const whole = priceCents % 100 === 0
  return new Intl.NumberFormat('en', { style: 'currency', currency, minimumFractionDigits: whole ? 0 : 2 }).format(
    priceCents / 100,
  )
}

function countText(value: number | null, many: string): string {
  return value === null ? `Any number of ${many}` : `${value.toLocaleString('en')} ${many}`
}

export function limitTexts({ members, records, fileBytes }: Limits): string[] {
  return [
    countText(members, 'members'),
    countText(records, 'records'),
    fileBytes === null ? 'Files of any size' : `${bytesText(fileBytes)} of files`,
  ]
}
