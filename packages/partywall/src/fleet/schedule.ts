/**
 * The worker loop of all fleet work: a bounded number of workers, canaries first, items that must wait put back while the others go
 * on, and an end when too many have failed, the deadline has passed or the signal is aborted. Knows nothing of migrations.
 */
import { EventEmitter } from 'node:events'

/** The result of one attempt. */
type Attempt<T> = { readonly end: 'done' | 'failed' } | { readonly retry: T; readonly afterMs: number }

export interface Schedule<T> {
  readonly size: number
  /** How many items run before all others; if one of them fails, the others are skipped. */
  readonly canary?: number | undefined
  /** After how many failures no further item starts. */
  readonly maxFailures?: number | undefined
  /** The time after which no further item starts; as performance.now() counts. */
  readonly deadline?: number | undefined
  /** When it is aborted, no further item starts. */
  readonly signal?: AbortSignal | undefined
  /** @param tries how many attempts there were before */
  attempt(item: T, tries: number): Promise<Attempt<T>>
  /** The item was not started, or not tried again. */
  skip(item: T, tries: number): void
}

interface Waiting<T> {
  readonly item: T
  readonly tries: number
  readonly from: number
}

export async function work<T>(items: readonly T[], schedule: Schedule<T>): Promise<void> {
  const { canary = 0 } = schedule
  const state = { failures: 0, maxFailures: schedule.maxFailures ?? Infinity }
  const first = items.slice(0, canary)
  if (first.length > 0) await wave(first, schedule, { ...state, maxFailures: 1 }, state)
  if (state.failures > 0 && canary > 0) state.maxFailures = 0
  await wave(items.slice(first.length), schedule, state, state)
}

interface Count {
  failures: number
  maxFailures: number
}

async function wave<T>(items: readonly T[], schedule: Schedule<T>, limit: Count, total: Count): Promise<void> {
  const ready: Waiting<T>[] = items.map((item) => ({ item, tries: 0, from: 0 }))
  let next = 0
  const delayed: Waiting<T>[] = []
  let running = 0
  const ended = new EventEmitter()
  const mayBegin = (): boolean =>
    total.failures < limit.maxFailures &&
    (schedule.deadline === undefined || performance.now() < schedule.deadline) &&
    schedule.signal?.aborted !== true
  const take = (): Waiting<T> | undefined => {
    if (next < ready.length) return ready[next++]
    const due = delayed.findIndex(({ from }) => from <= performance.now())
    return due === -1 ? undefined : delayed.splice(due, 1)[0]
  }
  const worker = async (): Promise<void> => {
    while (mayBegin()) {
      const waiting = take()
      if (waiting === undefined) {
        // An item that is running now may come back to be tried again.
        if (delayed.length === 0 && running === 0) return
        await changed(ended, delayed.length === 0 ? undefined : Math.min(...delayed.map(({ from }) => from)), schedule)
        continue
      }
      running += 1
      const tries = waiting.tries
      try {
        const attempt = await schedule.attempt(waiting.item, tries)
        if ('retry' in attempt) delayed.push({ item: attempt.retry, tries: tries + 1, from: performance.now() + attempt.afterMs })
        else if (attempt.end === 'failed') total.failures += 1
      } finally {
        running -= 1
        ended.emit('attempt')
      }
    }
  }
  ended.setMaxListeners(0)
  await Promise.all(Array.from({ length: Math.min(schedule.size, Math.max(1, items.length)) }, worker))
  for (const { item } of ready.slice(next)) schedule.skip(item, 0)
  for (const { item, tries } of delayed) schedule.skip(item, tries)
}

/** Resolves when an attempt has ended, when the first delayed item is due, or when no further item may start. */
export async function changed(
  ended: EventEmitter,
  due: number | undefined,
  { deadline, signal }: Pick<Schedule<unknown>, 'deadline' | 'signal'>,
): Promise<void> {
  const until = Math.min(due ?? Infinity, deadline ?? Infinity)
  await new Promise<void>((resolve) => {
    const timer = until === Infinity ? undefined : setTimeout(done, Math.max(1, until - performance.now()))
    ended.once('attempt', done)
    signal?.addEventListener('abort', done)
    function done(): void {
      clearTimeout(timer)
      ended.off('attempt', done)
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
}
