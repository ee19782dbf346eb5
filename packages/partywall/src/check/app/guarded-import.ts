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
  /** A line of the code for each call of listen. It grows while the guard stands. */
  readonly listening: readonly string[]
  /** Errors that reached no handler. It grows, too. */
  readonly problems: readonly unknown[]
  /** Ends the guard. Until then the process ends by no call of the module, and without a port that others reach. */
  release(): void
}

/** @param mostMs how long the module may take until it is imported and its application is made */
export async function guarded<T>(load: () => Promise<T>, mostMs = 10_000): Promise<Guarded<T>> {
  const problems: unknown[] = []
  const exit = guardExit(problems)
  const listen = guardListen()
  const onProblem = (error: unknown): void => {
    if (!exit.isOwn(error)) problems.push(error)
  }
  process.on('uncaughtException', onProblem)
  process.on('unhandledRejection', onProblem)
  const release = (): void => {
    exit.release()
    listen.release()
    process.off('uncaughtException', onProblem)
    process.off('unhandledRejection', onProblem)
  }
  const common = { listening: listen.places, problems, release }
  const late = new AbortController()
  try {
    const result = await Promise.race([load(), exit.during, tooLate(mostMs, late.signal)])
    // What was started without being awaited comes to its end, or to its error.
    await wait(settleMs)
    return { ...common, result, error: undefined }
  } catch (error) {
    return { ...common, result: undefined, error }
  } finally {
    late.abort()
    exit.loaded()
  }
}

/** Turns a call of process.exit into an error: of the import while it lasts, a problem later. */
function guardExit(problems: unknown[]): {
  readonly during: Promise<never>
  isOwn(error: unknown): boolean
  loaded(): void
  release(): void
} {
  const { exit } = process
  const own = new WeakSet<object>()
  let hasExited: (error: Error) => void
  const during = new Promise<never>((_, reject) => (hasExited = reject))
  during.catch(() => {})
  process.exit = ((code?: number) => {
    const error = new Error(`the module ended the process with the code ${code ?? process.exitCode ?? 0}`)
    own.add(error)
    hasExited(error)
    throw error
  }) as typeof exit
  return {
    during,
    isOwn: (error) => typeof error === 'object' && error !== null && own.has(error),
    loaded: () => (hasExited = (error) => void problems.push(error)),
    release: () => (process.exit = exit),
  }
}

/** Gives every server a free port of this machine. */
function guardListen(): { readonly places: string[]; release(): void } {
  const { listen } = Server.prototype
  const places: string[] = []
  const servers: Server[] = []
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    places.push(placeOf(new Error('listen')))
    servers.push(this)
    const callback = args.findLast((arg) => typeof arg === 'function')
    return Reflect.apply(listen, this, [{ port: 0, host: '127.0.0.1' }, ...(callback === undefined ? [] : [callback])]) as Server
  } as typeof listen
  return {
    places,
    release: () => {
      Server.prototype.listen = listen
      for (const server of servers) server.close()
    },
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
