/** Round numbers for an axis. */

/**
 * Steps of 1, 2 or 5 times a power of ten that enclose the values; about as many as asked for.
 *
 * @example
 * ticksOf(0, 87, 4) // [0, 20, 40, 60, 80, 100]
 */
export function ticksOf(lowest: number, highest: number, about: number): number[] {
  if (!Number.isFinite(lowest) || !Number.isFinite(highest)) return [0, 1]
  // Nothing but zeros: most often of something that is counted.
  if (lowest === 0 && highest === 0) return [0, 1]
  const span = highest > lowest ? highest - lowest : Math.abs(highest) || 1
  const raw = span / about
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw * 0.999) ?? raw
  const first = Math.floor(lowest / step)
  const last = Math.max(Math.ceil(highest / step), first + 1)
  // A product, not a sum of steps, so that 0.1 + 0.2 does not become 0.30000000000000004.
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)))
}

/** A function that maps a range of values to a range of pixels. */
export function linear(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
): (value: number) => number {
  const span = to - from || 1
  return (value) => start + ((value - from) / span) * (end - start)
}
