/**
 * Stores what the meter has counted: one statement in an interval, for all tenants. It stores sums under the ids of their sheets, so a statement whose answer was lost is sent
 * again without harm. At the end of the process everything is stored; a process that is killed loses what it has counted since the last time.
 */
import type { UsageOption } from '../../config/usage-option.ts'
import type { Queryable } from '../../sql/statement.ts'
import type { UsageRecord } from '../../usage-record.ts'
import type { Meter } from '../meter/meter.ts'
import { counterNames, type Sheet } from '../meter/sheet.ts'
import { forgetSql, storeSql, type StoredLine } from './usage-sql.ts'
import { recordOf } from './usage-record.ts'

export interface RecorderParts {
  readonly meter: Meter
  readonly catalog: Queryable
  readonly options: Pick<UsageOption, 'flushMs' | 'keepDays'>
  /** Host and process, for a reader who looks for one that was killed. */
  readonly process: string
  readonly onRecorded: (records: readonly UsageRecord[]) => void
}

/** Nothing was counted for this long: the sheet is closed, so that it does not look like that of a process that was killed. */
export const idleMs = 300_000
/** After this time without a word, a sheet that is not closed is that of a process that has ended. */
export const silentMs = idleMs + 60_000

interface Taken extends StoredLine {
  readonly sheet: Sheet
  readonly changes: number
}

export class Recorder {
  readonly #parts: RecorderParts
  #flushing: Promise<void> | undefined
  #lastChange = Date.now()
  #lastPeriod = 0

  constructor(parts: RecorderParts) {
    this.#parts = parts
  }

  /** What the timer calls. A failure is tried again at the next time. @returns whether there may be more to do later */
  async tick(): Promise<boolean> {
    const { meter } = this.#parts
    if (Date.now() - this.#lastChange > idleMs) meter.rest()
    try {
      await this.flush()
    } catch {
      return true
    }
    return meter.isOpen || meter.unstored().length > 0
  }

  /** Stores all that was counted until now. @param isLast nothing is counted after this */
  async flush(isLast = false): Promise<void> {
    await this.#flushing?.catch(() => {})
    this.#flushing ??= this.#store(isLast).finally(() => (this.#flushing = undefined))
    await this.#flushing
    // Another caller's flush may have begun before the last count of this one.
    if (isLast && this.#parts.meter.unstored(true).length > 0) await this.#store(true)
  }

  async #store(isLast: boolean): Promise<void> {
    const { meter, catalog, options, process: name, onRecorded } = this.#parts
    const lost = meter.takeLost()
    if (lost > 0) warnOfLost(lost)
    const sheets = meter.unstored(isLast)
    if (sheets.length === 0) return
    const closed = sheets.filter(({ isClosed }) => isClosed)
    const lines = sheets.flatMap(linesOf)
    if (lines.length > 0) this.#lastChange = Date.now()
    const stored = sheets.map(({ id, from, until, isClosed }) => ({ id, from: new Date(from), until: new Date(until), isClosed }))
    await catalog.query(storeSql(name, stored, lines))
    for (const { sheet, tenantId, changes } of lines) sheet.lines.get(tenantId)!.stored = changes
    for (const sheet of closed) sheet.isClosedThere = true
    meter.dropStored()
    if (lines.length > 0) {
      onRecorded(
        lines.map(({ sheet, ...line }) =>
          recordOf({ ...line, from: new Date(sheet.from), until: new Date(sheet.until), isFinal: closed.includes(sheet) }),
        ),
      )
    }
    if (!isLast) await this.#forgetOnce(sheets.at(-1)!.from, catalog, options.keepDays)
  }

  /** Once in a period. */
  async #forgetOnce(period: number, catalog: Queryable, keepDays: number): Promise<void> {
    if (period === this.#lastPeriod) return
    this.#lastPeriod = period
    await catalog.query(forgetSql(keepDays))
  }
}

/** Only what has changed since it was stored. */
function linesOf(sheet: Sheet): Taken[] {
  return [...sheet.lines]
    .filter(([, { changes, stored }]) => changes > stored)
    .map(([tenantId, line]) => ({
      sheet,
      sheetId: sheet.id,
      tenantId,
      changes: line.changes,
      numbers: counterNames.map((name) => line[name]),
    }))
}

function warnOfLost(lost: number): void {
  process.emitWarning(
    `${lost} counts of what tenants use were lost, because the catalog could not be reached for long and there was no room for more. See docs/errors.md#PARTYWALL_USAGE_LOST`,
    { code: 'PARTYWALL_USAGE_LOST' },
  )
}
