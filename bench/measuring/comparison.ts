/** What the rounds of a comparison say about partywall and its rivals: ratios within a round, and medians over all rounds. */
import { median, quantile, rounded } from './statistics.ts'

/** What was measured while one contestant played one round. */
export interface Round {
  readonly perSecond: number
  readonly latencies: readonly number[]
  /** Processor time of the calling process, in microseconds for each piece of work. */
  readonly callerCpuMicros: number
}

export interface Comparison {
  /** Median over the rounds of our throughput divided by the rival's; above 1: partywall is faster. */
  readonly ratios: Record<string, number>
  readonly spread: Record<string, [least: number, most: number]>
  /** Medians: pieces of work per second, milliseconds, and microseconds of the calling process. */
  readonly figures: Record<string, { perSecond: number; p50Ms: number; p99Ms: number; callerCpuMicros: number }>
}

/** @param rounds by the name of the contestant; all have played the same number of rounds */
export function summarize(ours: string, rounds: ReadonlyMap<string, readonly Round[]>): Comparison {
  const own = rounds.get(ours)!
  const result: Comparison = { ratios: {}, spread: {}, figures: {} }
  for (const [name, played] of rounds) {
    const latencies = played.flatMap((round) => round.latencies)
    result.figures[name] = {
      perSecond: Math.round(median(played.map((round) => round.perSecond))),
      p50Ms: rounded(quantile(latencies, 0.5)),
      p99Ms: rounded(quantile(latencies, 0.99)),
      callerCpuMicros: Math.round(median(played.map((round) => round.callerCpuMicros))),
    }
    if (name === ours) continue
    const ratios = played.map((round, index) => own[index]!.perSecond / round.perSecond)
    result.ratios[name] = rounded(median(ratios))
    result.spread[name] = [rounded(Math.min(...ratios)), rounded(Math.max(...ratios))]
  }
  return result
}

/** Joins two comparisons with different rivals, or with different names for them; a name in both keeps the figures of the first. */
export function joined(first: Comparison, second: Comparison): Comparison {
  return {
    ratios: { ...first.ratios, ...second.ratios },
    spread: { ...first.spread, ...second.spread },
    figures: { ...second.figures, ...first.figures },
  }
}

/** The same comparison with a suffix after every name, e.g. `qualified (zipf)`. */
export function suffixed({ ratios, spread, figures }: Comparison, suffix: string): Comparison {
  const rename = <V>(record: Record<string, V>): Record<string, V> =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [`${name} (${suffix})`, value]))
  return { ratios: rename(ratios), spread: rename(spread), figures: rename(figures) }
}
