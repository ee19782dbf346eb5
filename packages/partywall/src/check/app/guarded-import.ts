/**
 * Imports the module of an application, whose code may do anything: listen, end the process, wait without end, reject a promise later. Each of these is
 * recorded. A port is never opened where others reach it: the server gets a free one of this machine, so that code which waits for it goes on.
 */
import { Server } from 'node:net'
import { relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export interface Guarded<T> {
  readonly result: T | undefined
  readonly error: unknown
  /** A line of the code for each call of listen. */
  readonly listening: readonly string[]
  readonly problems: readonly unknown[]
}

/** @param mostMs how long the module may take until it is imported and its application is made */
export async function guarded<T>(load: () => Promise<T>, mostMs = 10_000): Promise<Guarded<T>> {
  const listening: string[] = []
  const problems: unknown[] = []
  const exits = new WeakSet<object>()
  const onProblem = (error: unknown): void => {
    if (!(error instanceof Error && exits.has(error))) problems.push(error)
  }
  const { listen } = Server.prototype
  const { exit } = process
  const servers: Server[] = []
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    listening.push(placeOf(new Error('listen')))
    servers.push(this)
    const callback = args.findLast((arg) => typeof arg === 'function')
    return Reflect.apply(listen, this, [{ port: 0, host: '127.0.0.1' }, ...(callback === undefined ? [] : [callback])]) as Server
  } as typeof listen
  let hasExited: (error: Error) => void
  const exited = new Promise<never>((_, reject) => (hasExited = reject))
  exited.catch(() => {})
  process.exit = ((code?: number) => {
    const error = new Error(`the module ended the process with the code ${code ?? process.exitCode ?? 0}`)
    exits.add(error)
    hasExited(error)
    throw error
  }) as typeof exit
  process.on('uncaughtException', onProblem)
  process.on('unhandledRejection', onProblem)
  const late = new AbortController()
  try {
    const result = await Promise.race([load(), exited, tooLate(mostMs, late.signal)])
    // What was started without being awaited comes to its end, or to its error.
    await wait(settleMs)
    return { result, error: undefined, listening, problems }
  } catch (error) {
    return { result: undefined, error, listening, problems }
  } finally {
    late.abort()
    Server.prototype.listen = listen
    process.exit = exit
    // The listeners for problems stay: code of the module goes on to run, and must not end this process without a report.
    for (const server of servers) server.close()
  }
}

const settleMs = 20

async function tooLate(mostMs: number, signal: AbortSignal): Promise<never> {
  await wait(mostMs, undefined, { signal }).catch(() => new Promise(() => {}))
  throw new Error(`it was not imported after ${mostMs / 1000} seconds: something in it waits`)
}

/** The first place that is neither here, nor in Node.js, nor in a package. */
function placeOf({ stack = '' }: Error): string {
  const lines = stack.split('\n').slice(2)
  const own = lines.find((line) => !/node:|node_modules|guarded-import/.test(line)) ?? ''
  const place = /(?:file:\/\/)?(\/[^\s()]+:\d+):\d+\)?$/.exec(own)?.[1]
  return place === undefined ? 'a package' : relative(process.cwd(), place)
}
