/**
 * A comparison side by side: the contestants take turns, round by round, in one process and on one server, so that other load on the
 * machine affects all of them alike. What counts is the ratio within a round.
 */
import { summarize, type Comparison, type Round } from './comparison.ts'

export interface Contestant {
  readonly name: string
  /** One piece of work, e.g. one query for a tenant picked at random. */
  work(): Promise<unknown>
  close(): Promise<void>
}

/** A contestant as `compare` uses it: it plays a round in its own way, and returns what was measured. */
export interface Player {
  readonly name: string
  play(callers: number, pieces: number): Promise<Round>
  close(): Promise<void>
}

export interface Plan {
  /** Number of callers that work at the same time. */
  readonly callers: number
  /** Pieces of work per contestant and round. */
  readonly pieces: number
  /** Pieces of work in a warm-up, before the first round, so that opening connections is not measured. */
  readonly warmUp: number
  /** Number of warm-ups. @default 1 */
  readonly warmUps?: number
  readonly rounds: number
  /** Prepares the work of a round or of a warm-up; not measured. */
  readonly beforeRound?: () => Promise<void>
}

/** @param share fraction of the pieces of work that the contestant is given: one that is many times slower would make every round too long */
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
    // Each round begins with another contestant, and every second one runs backwards: no contestant always follows the same one.
    const turned = all.map((_, index) => all[(index + round) % all.length]!)
    for (const contestant of round % 2 === 0 ? turned : turned.toReversed())
      rounds.get(contestant.name)!.push(await contestant.play(plan.callers, plan.pieces))
    process.stderr.write(`round ${round + 1} of ${plan.rounds}\r`)
  }
  process.stderr.write('\n')
  return summarize(ours.name, rounds)
}

/** Does `work` the given number of times, with the given number of callers at once, and measures it. */
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
