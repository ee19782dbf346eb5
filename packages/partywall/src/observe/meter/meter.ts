/**
 * Counts what each tenant uses, in memory, where its statements end. It is called for each statement, so it adds numbers and does nothing else. What was counted is stored by
 * the recorder (usage/), which takes the sheets from here.
 *
 * The memory is bounded: a sheet that is full is closed and stored. While it cannot be stored, a few sheets are kept; what comes after them is lost, and said to be.
 */
import type { UsageOption } from '../../config/usage-option.ts'
import { TenancyError } from '../../errors.ts'
import type { StatementMeter, StatementUse } from '../../observation.ts'
import { seen } from '../../seen.ts'
import type { Tenant } from '../../types.ts'
import { Sheet, type Line } from './sheet.ts'

export interface MeterParts {
  readonly options: UsageOption
  /** The first statement of a tenant in this window that is over its limit. */
  readonly onExceeded: (exceeded: { readonly tenant: Tenant<any>; readonly limit: number; readonly windowMs: number }) => void
  /** There is something to store. Called once until `rested` is. */
  readonly onFirst: () => void
  /** In milliseconds of the epoch. @default Date.now */
  readonly now?: () => number
}

interface Window {
  used: number
  readonly limit: number
}

/** How many sheets are kept that could not be stored yet. */
const mostSheets = 4

export class Meter implements StatementMeter {
  readonly #parts: MeterParts
  readonly #now: () => number
  #sheet: Sheet | undefined
  readonly #closed: Sheet[] = []
  #isAwake = false
  readonly #windows = new Map<string, Window>()
  #windowEnd = 0
  #lost = 0

  constructor(parts: MeterParts) {
    this.#parts = parts
    this.#now = parts.now ?? Date.now
  }

  admit(tenant: Tenant<any>): void {
    const { limit: limitOf, windowMs, over } = this.#parts.options
    if (limitOf === undefined) return
    const now = this.#now()
    if (now >= this.#windowEnd) {
      this.#windows.clear()
      this.#windowEnd = now - (now % windowMs) + windowMs
    }
    let window = this.#windows.get(tenant.id)
    if (window === undefined) {
      window = { used: 0, limit: checkedLimit(limitOf(tenant)) }
      this.#windows.set(tenant.id, window)
    }
    window.used += 1
    const { used, limit } = window
    if (used <= limit) return
    if (used === limit + 1) this.#parts.onExceeded({ tenant, limit, windowMs })
    if (over === 'event') return
    const line = this.#lineOf(tenant)
    if (line !== undefined) line.refused += 1
    throw exceeded(tenant, limit, windowMs)
  }

  entered(tenant: Tenant<any>): void {
    const line = this.#lineOf(tenant)
    if (line !== undefined) line.calls += 1
  }

  count(tenant: Tenant<any>, { durationMs, rows, bytesSent, bytesReceived, hasFailed }: StatementUse): void {
    const line = this.#lineOf(tenant)
    if (line === undefined) return
    line.statements += 1
    if (hasFailed) line.failed += 1
    line.rows += rows
    line.busyMs += durationMs
    line.bytesSent += bytesSent
    line.bytesReceived += bytesReceived
  }

  /** What is not stored yet, or not known there to be closed. @param isLast nothing is counted after this */
  unstored(isLast = false): readonly Sheet[] {
    const sheet = this.#sheet
    if (sheet !== undefined && (isLast || this.#now() >= sheet.until)) this.#close(sheet)
    const open = this.#sheet === undefined ? [] : [this.#sheet]
    return [...this.#closed, ...open].filter(
      ({ lines, isClosed, isClosedThere }) =>
        isClosed !== isClosedThere || [...lines.values()].some(({ changes, stored }) => changes > stored),
    )
  }

  /** Closes the sheet, because nothing was counted for long: a reader need not wait for more. */
  rest(): void {
    if (this.#sheet !== undefined) this.#close(this.#sheet)
  }

  /** Drops what is stored as a whole. */
  dropStored(): void {
    const left = this.#closed.filter(({ isClosedThere }) => !isClosedThere)
    this.#closed.splice(0, Infinity, ...left)
  }

  /** From now on `onFirst` is called again. */
  rested(): void {
    this.#isAwake = false
  }

  /** Whether a sheet is open. */
  get isOpen(): boolean {
    return this.#sheet !== undefined
  }

  /** How many counts were lost since the last call, because there was no room for them. */
  takeLost(): number {
    const lost = this.#lost
    this.#lost = 0
    return lost
  }

  #lineOf({ id }: Tenant<any>): Line | undefined {
    if (!this.#isAwake) {
      this.#isAwake = true
      this.#parts.onFirst()
    }
    const { maxTenants, periodMs } = this.#parts.options
    let sheet = this.#sheet
    const now = this.#now()
    if (sheet !== undefined && (now >= sheet.until || (sheet.lines.size >= maxTenants && !sheet.lines.has(id)))) {
      this.#close(sheet)
      sheet = undefined
    }
    if (sheet === undefined) {
      if (this.#closed.length >= mostSheets) {
        this.#lost += 1
        return undefined
      }
      sheet = new Sheet(now, periodMs)
      this.#sheet = sheet
    }
    const line = sheet.line(id)
    line.changes += 1
    return line
  }

  #close(sheet: Sheet): void {
    sheet.isClosed = true
    this.#closed.push(sheet)
    this.#sheet = undefined
  }
}

function checkedLimit(limit: unknown): number {
  if (limit === undefined) return Infinity
  if (typeof limit === 'number' && limit >= 0) return limit
  throw new TenancyError(
    'INVALID_OPTION',
    `The option "usage.limit" returned ${seen(limit)} for a tenant; it must return a number of at least 0, or undefined for no limit.`,
    { details: { option: 'usage.limit' } },
  )
}

function exceeded({ schema }: Tenant<any>, limit: number, windowMs: number): TenancyError {
  return new TenancyError(
    'USAGE_EXCEEDED',
    `The tenant ${JSON.stringify(schema)} has sent the ${limit} statements that it may send in ${windowMs} ms, so this one was not sent. It may send more in the ` +
      'next window. Raise what usage.limit returns for it, or look for what sends so many.',
    { details: { schema, limit, windowMs } },
  )
}
