/** Work whose steps a browser sees as they happen, as server-sent events in the answer to the request that began it. So it needs no process that remembers it. */
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { ConsoleEnv } from '../parts.ts'
import type { WorkEvent } from './api.ts'

/** Proxies end connections on which nothing comes. */
const aliveMs = 15_000

export type Tell = (event: WorkEvent) => void

/**
 * @param work runs to its end also when the browser goes away; what it returns is the last event
 * @param failure makes the last event of an error
 */
export function streamed(
  c: Context<ConsoleEnv>,
  work: (tell: Tell) => Promise<WorkEvent>,
  failure: (error: unknown) => Promise<WorkEvent>,
): Response {
  const waiting: WorkEvent[] = []
  let isOver = false
  let wake: (() => void) | undefined
  const tell = (event: WorkEvent): void => {
    waiting.push(event)
    wake?.()
  }
  void work(tell)
    .catch(failure)
    .then(tell, () => tell(unknownFailure))
    .finally(() => {
      isOver = true
      wake?.()
    })
  c.header('x-accel-buffering', 'no')
  c.header('cache-control', 'no-store')
  return streamSSE(c, async (stream) => {
    while (!stream.aborted) {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
        await stream.writeSSE({ data: JSON.stringify(event) })
      }
      if (isOver && waiting.length === 0) return
      if (waiting.length > 0) continue
      const isSilent = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), aliveMs)
        wake = () => {
          clearTimeout(timer)
          resolve(false)
        }
        stream.onAbort(wake)
      })
      if (isSilent) await stream.write(': still at work\n\n')
    }
  })
}

/** Its text may hold anything, so it is not shown. */
export const unknownFailure: WorkEvent = {
  type: 'failed',
  problem: {
    code: 'UNKNOWN',
    title: 'The server failed',
    detail: 'The log of the server says why.',
    status: 500,
  },
}
