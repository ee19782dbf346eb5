/**
 * A run as server-sent events. Each event is the whole state in a bounded size, so a browser that connects again, or a second one, needs nothing of what came before.
 * A run of this process is told at its changes; one of another process is looked up in the catalog each second.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { streamSSE } from 'hono/streaming'
import type { Context } from 'hono'
import type { AnyTenancy, ConsoleEnv } from '../parts.ts'
import type { RunDetail } from './api.ts'
import { readRun } from './read-run.ts'
import type { RunRegistry } from './run-registry.ts'

const leastMs = 200
const lookMs = 1000
/** Proxies close a connection on which nothing is sent. */
const aliveMs = 15_000

export function followRun(c: Context<ConsoleEnv>, tenancy: AnyTenancy, registry: RunRegistry, id: string): Response {
  c.header('x-accel-buffering', 'no')
  return streamSSE(c, async (stream) => {
    const gone = new AbortController()
    stream.onAbort(() => gone.abort())
    let last = ''
    let sentAt = Date.now()
    while (!stream.aborted && !stream.closed) {
      const run = await readRun(tenancy, registry, id)
      if (run === undefined) return
      const data = JSON.stringify(run)
      if (data !== last) {
        await stream.writeSSE({ event: 'run', data })
        sentAt = Date.now()
      } else if (Date.now() - sentAt > aliveMs) {
        await stream.write(': alive\n\n')
        sentAt = Date.now()
      }
      last = data
      if (run.state !== 'running') {
        await stream.writeSSE({ event: 'end', data: '{}' })
        return
      }
      await nextLook(gone.signal, registry, run)
    }
  })
}

/** A change in this process, after a short rest; or the time to look again. */
async function nextLook(gone: AbortSignal, registry: RunRegistry, { id }: RunDetail): Promise<void> {
  const live = registry.working(id)
  await rest(gone, leastMs)
  if (live === undefined) return rest(gone, lookMs - leastMs)
  const changed = new AbortController()
  const unwatch = live.watch(() => changed.abort())
  await rest(AbortSignal.any([gone, changed.signal]), lookMs)
  unwatch()
}

async function rest(signal: AbortSignal, milliseconds: number): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined)
}
