/** The counters of the tenants for one period, as one process has counted them. Its id names them for good: storing a sheet twice changes nothing. */
import { randomUUID } from 'node:crypto'

export interface Counters {
  /** Scopes that were entered. */
  calls: number
  statements: number
  /** Of the statements, those that failed. */
  failed: number
  /** Statements over the limit, which were not sent. */
  refused: number
  rows: number
  busyMs: number
  bytesSent: number
  bytesReceived: number
}

/** In the order of the columns. */
export const counterNames = [
  'calls',
  'statements',
  'failed',
  'refused',
  'rows',
  'busyMs',
  'bytesSent',
  'bytesReceived',
] as const satisfies readonly (keyof Counters)[]

export interface Line extends Counters {
  /** Grows with each change. */
  changes: number
  /** How many of the changes are stored. */
  stored: number
}

export class Sheet {
  readonly id = randomUUID()
  readonly from: number
  readonly until: number
  readonly lines = new Map<string, Line>()
  /** No more is counted on it. */
  isClosed = false
  /** The server knows that it is closed. */
  isClosedThere = false

  /** @param at a time in the period, in milliseconds of the epoch */
  constructor(at: number, periodMs: number) {
    this.from = at - (at % periodMs)
    this.until = this.from + periodMs
  }

  line(tenantId: string): Line {
    let line = this.lines.get(tenantId)
    if (line === undefined) {
      line = {
        calls: 0,
        statements: 0,
        failed: 0,
        refused: 0,
        rows: 0,
        busyMs: 0,
        bytesSent: 0,
        bytesReceived: 0,
        changes: 0,
        stored: 0,
      }
      this.lines.set(tenantId, line)
    }
    return line
  }
}
