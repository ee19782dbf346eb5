/** Amounts, days and moments as this tenant writes them. */
import type { ComputedRef } from 'vue'
import type { Session } from '../../src/api/schemas/session.ts'
import { useSession } from '../app/session.ts'

export interface Format {
  /** An amount in the smallest unit. */
  money(amount: number): string
  /** Without the smallest unit: for sums. */
  roundMoney(amount: number): string
  /** What a person types, in the unit of the currency. */
  toUnits(amount: number): number
  toCents(units: number | null | undefined): number
  day(day: string | null): string
  moment(moment: string): string
  date(moment: string): string
  /** As `2026-05-31`. */
  today(): string
}

export function useFormat(): Format {
  const { session } = useSession()
  return formatOf(session)
}

function formatOf(session: ComputedRef<Session>): Format {
  const tenant = () => session.value.tenant
  const digits = () =>
    new Intl.NumberFormat('en', { style: 'currency', currency: tenant().currency }).resolvedOptions().maximumFractionDigits ?? 2
  const number = (options: Intl.NumberFormatOptions) =>
    new Intl.NumberFormat('en', { style: 'currency', currency: tenant().currency, ...options })
  return {
    money: (amount) => {
      const isWhole = amount % 10 ** digits() === 0
      return number(isWhole ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : {}).format(amount / 10 ** digits())
    },
    roundMoney: (amount) => number({ minimumFractionDigits: 0, maximumFractionDigits: 0 }).format(amount / 10 ** digits()),
    toUnits: (amount) => amount / 10 ** digits(),
    toCents: (units) => Math.round((units ?? 0) * 10 ** digits()),
    day: (day) =>
      day === null ? '' : dates({ day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(new Date(day)),
    moment: (moment) => dates({ dateStyle: 'medium', timeStyle: 'short', timeZone: tenant().timeZone }).format(new Date(moment)),
    date: (moment) =>
      dates({ day: 'numeric', month: 'short', year: 'numeric', timeZone: tenant().timeZone }).format(new Date(moment)),
    today: () => new Intl.DateTimeFormat('en-CA', { timeZone: tenant().timeZone }).format(new Date()),
  }
}

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', options)
}
