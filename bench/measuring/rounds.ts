/**
 * Side by side: the contestants take turns, round by round, in one process and on one server, so that whatever else the machine does
 * hits all of them alike. What counts is the ratio within a round; the median of the rounds is what is told.
 */

export interface Contestant {
  readonly name: string
  /** One piece of work, e.g. one query for a tenant picked at random. */
  work(): Promise<unknown>
  close(): Promise<void>
}

/** A contestant on the field: how it plays a round is its own affair. */
export interface Player {
  readonly name: string
  play(callers: number, pieces: number): Promise<Round>
  close(): Promise<void>
}

export interface Round {
  readonly perSecond: number
  readonly latencies: readonly number[]
  /** Of the process that calls: microseconds of its processor time for each piece. */
  readonly callerCpuMicros: number
}

export interface Plan {
  /** How many callers work at the same time. */
  readonly callers: number
  /** Pieces of work per contestant and round. */
  readonly pieces: number
  /** Pieces before the first round, so that nobody pays for connecting. */
  readonly warmUp: number
  /** How often these are done. @default 1 */
  readonly warmUps?: number
  readonly rounds: number
  /** Puts the work of a round in its place, also that of the warm-up; not measured. */
  readonly beforeRound?: () => Promise<void>
}

export interface Comparison {
  /** Median over the rounds of our throughput divided by the rival's; above 1: we are faster. */
  readonly ratios: Record<string, number>
  readonly spread: Record<string, [least: number, most: number]>
  /** Medians: pieces per second, milliseconds, and microseconds of the calling process. */
  readonly figures: Record<string, { perSecond: number; p50Ms: number; p99Ms: number; callerCpuMicros: number }>
}

/** @param share of the pieces that it is given: who is many times slower would make the rounds of all too long */
export function player({ name, work, close }: Contestant, share = 1): Player {
  return { name, close, play: (callers, pieces) => play(work, callers, Math.ceil(pieces * share)) }
}

export async function compare(ours: Player, rivals: readonly Player[], plan: Plan): Promise<Comparison> {
  const all = [ours, ...rivals]
  for (let time = 0; time < (plan.warmUps ?? 1); time++) {
    await plan.beforeRound?.()
    for (const contestant of all) await contestant.play(plan.callers, plan.warmUp)
  }
  const rounds = new Map<string, Round[]>(all.map(({ name }) => [name, []]))
  for (let round = 0; round < plan.rounds; round++) {
    await plan.beforeRound?.()
    // Who begins changes, and who follows whom: nobody always comes after the same neighbour.
    const turned = all.map((_, index) => all[(index + round) % all.length]!)
    for (const contestant of round % 2 === 0 ? turned : turned.toReversed())
      rounds.get(contestant.name)!.push(await contestant.play(plan.callers, plan.pieces))
    process.stderr.write(`round ${round + 1} of ${plan.rounds}\r`)
  }
  process.stderr.write('\n')
  return summarize(ours.name, rounds)
}

/** Two contests of the same player as one; its own figures are those of the first. */
export function together(first: Comparison, second: Comparison): Comparison {
  return {
    ratios: { ...first.ratios, ...second.ratios },
    spread: { ...first.spread, ...second.spread },
    figures: { ...second.figures, ...first.figures },
  }
}

function summarize(ours: string, rounds: ReadonlyMap<string, readonly Round[]>): Comparison {
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

/** Does that many pieces of work, by that many callers. */
export async function play(work: () => Promise<unknown>, callers: number, pieces: number): Promise<Round> {
  const latencies: number[] = []
  let left = pieces
  const [cpu, started] = [process.cpuUsage(), performance.now()]
  const call = async (): Promise<void> => {
    while (left-- > 0) {
      const begun = performance.now()
      await work()
      latencies.push(performance.now() - begun)
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  const { user, system } = process.cpuUsage(cpu)
  return { perSecond: (pieces * 1000) / (performance.now() - started), latencies, callerCpuMicros: (user + system) / pieces }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
