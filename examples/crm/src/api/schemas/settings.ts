import { z } from 'zod'
import { plainText } from './common.ts'

export const currencies = ['EUR', 'USD', 'GBP', 'CHF', 'JPY'] as const

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format()
    return true
  } catch {
    return false
  }
}

/** What a tenant is configured with. `name` is the name of the tenant itself. */
export const settings = z
  .object({ name: z.string(), currency: z.enum(currencies), timeZone: z.string(), mailFooter: z.string() })
  .meta({ id: 'Settings' })
export const settingsChanges = z
  .strictObject({
    name: plainText(100),
    currency: z.enum(currencies),
    timeZone: z.string().max(64).refine(isTimeZone, 'must be a time zone, such as Europe/Berlin'),
    mailFooter: z.string().trim().max(500),
  })
  .partial()

export type Settings = z.infer<typeof settings>
