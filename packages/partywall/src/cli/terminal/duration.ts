/** Durations, as a person types and reads them: `500ms`, `2s`, `10m`, `1h`; a number alone is milliseconds. */
import { InvalidArgumentError } from 'commander'

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** The largest value that PostgreSQL and timers accept: almost 25 days. */
const mostMs = 2_147_483_647

/** @throws InvalidArgumentError */
export function parseDuration(text: string): number {
  const [, number, unit = 'ms'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? []
  if (number === undefined)
    throw new InvalidArgumentError('It must be a time such as 500ms, 2s, 10m or 1h; a number alone is milliseconds.')
  const millis = Math.round(Number(number) * units[unit as keyof typeof units])
  if (millis > mostMs) throw new InvalidArgumentError('It must be at most 24 days.')
  return millis
}

/** `340 ms`, `12 s`, `3 min 20 s`, `1 h 4 min`. */
export function formatDuration(millis: number): string {
  if (millis < 1000) return `${Math.round(millis)} ms`
  if (millis < 9950) return `${Number((millis / 1000).toFixed(1))} s`
  const seconds = Math.round(millis / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
