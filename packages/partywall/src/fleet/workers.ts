/** Bounded parallel work where the first failure ends all of it. The loop itself is that of the schedule. */
import { work as runSchedule } from './schedule.ts'

/** Calls `work` for each item, at most `size` at a time. Rejects with the first failure, after the work that had started is over. */
export async function inParallel<T>(items: Iterable<T>, size: number, work: (item: T) => Promise<void>): Promise<void> {
  let failure: { readonly error: unknown } | undefined
  await runSchedule([...items], {
    size,
    maxFailures: 1,
    async attempt(item) {
      try {
        await work(item)
        return { end: 'done' }
      } catch (error) {
        failure ??= { error }
        return { end: 'failed' }
      }
    },
    skip() {},
  })
  if (failure !== undefined) throw failure.error
}
