/** What many commands declare alike: the argument for a tenant, flags that select tenants, and the examples below the help. */
import { InvalidArgumentError, Option } from 'commander'
import { tenantStatuses } from '../../catalog/tenants/selection.ts'
import type { TenantStatus } from '../../types.ts'

export const tenantArgument = ['[tenant]', 'its schema, its id or one of its domains'] as const

/** For `cli.ask.required`, where the argument is missing. */
export const tenantQuestion = { missing: 'the argument <tenant>', question: 'Tenant' } as const

export const domainQuestion = { missing: 'the argument <domain>', question: 'Domain' } as const

/** The values of flags that narrow a choice of tenants, as the library's TenantSelection takes them. */
export interface NarrowingFlags {
  readonly kind?: readonly string[]
  readonly status?: readonly TenantStatus[]
}

export function kindFlag(): Option {
  return new Option('--kind <kind>', 'only tenants of this kind; may be repeated (default: every kind)').argParser(repeated)
}

/** @param byDefault which statuses are meant without the flag */
export function statusFlag(byDefault: string): Option {
  const flag = new Option('--status <status>', `only tenants of this status; may be repeated (default: ${byDefault})`)
  const checkOne = flag.choices(tenantStatuses).parseArg!
  return flag.argParser<string[]>((value, before) => repeated(checkOne(value, value), before))
}

/** The parser of a flag that may be given several times: its values in order. */
export function repeated(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value]
}

/** The parser of a flag that takes a number. */
export function countFrom(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN
    if (Number.isSafeInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`)
  }
}

/** The examples at the end of a command's help: a call, and what it is for. */
export function examples(...all: readonly (readonly [call: string, what: string])[]): string {
  const widest = Math.max(...all.map(([call]) => call.length))
  return ['', 'Examples:', ...all.map(([call, what]) => `  partywall ${call.padEnd(widest)}   ${what}`)].join('\n')
}
