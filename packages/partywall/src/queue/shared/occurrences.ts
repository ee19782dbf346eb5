/** When a schedule comes due for a tenant: by a cron expression, in the tenant's own time zone. */
import { createHash } from 'node:crypto'
import { Cron } from 'croner'

/**
 * The last time in `(from, to]` that the expression names, and how many there are before it; undefined where there is none.
 * @throws RangeError, TypeError for a time zone or an expression that is not one
 */
export function lastOccurrence(cron: string, timeZone: string, from: Date, to: Date): { at: Date; skipped: number } | undefined {
  const job = new Cron(cron, { timezone: timeZone, paused: true })
  let last: Date | undefined
  let skipped = -1
  for (let next = job.nextRun(from); next !== null && next <= to; next = job.nextRun(next)) {
    last = next
    skipped++
    if (skipped > mostCounted) break
  }
  return last && { at: last, skipped }
}

/** A gap of a week has ten thousand minutes. */
const mostCounted = 20_000

/** The delay of one tenant's job: always the same one for the same occurrence, so that a repeated tick asks for the same job. 0 to `most`. */
export function jitterOf(schedule: string, tenantId: string, at: Date, most: number): number {
  if (most === 0) return 0
  const digest = createHash('sha256').update(`${schedule}\n${tenantId}\n${at.getTime()}`).digest()
  return digest.readUInt32BE(0) % (most + 1)
}

/** The key of the job of one tenant and occurrence. A uuid, because the ids of jobs have that form in some libraries. */
export function occurrenceId(schedule: string, tenantId: string, at: Date): string {
  const hex = createHash('sha256').update(`partywall schedule\n${schedule}\n${tenantId}\n${at.getTime()}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-')
}
