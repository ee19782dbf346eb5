/**
 * How a test file reaches its database: directly, or through the PgBouncer of the run (the project "pgbouncer" of vitest.config.ts). What
 * is right on both routes is written once; where a session of one's own makes the difference, a test says what is right on which.
 */
import { expect, inject } from 'vitest'
import { startPgBouncer, type PgBouncer } from './pgbouncer.ts'

export type Route = 'direct' | 'pgbouncer'

declare module 'vitest' {
  export interface ProvidedContext {
    partywallRoute: Route
    /** The server of the run, through its PgBouncer; absent where nothing goes that way. */
    partywallPoolerUrl?: string
  }
}

export const route: Route = inject('partywallRoute')
/** The server sessions are lent from transaction to transaction: on one of them nothing may be left. */
export const isPooled = route === 'pgbouncer'

/** The same database on the way of this run; behind the pooler all clients share one server connection. */
export function onRoute(directUrl: string): string {
  const poolerUrl = inject('partywallPoolerUrl')
  if (!isPooled || poolerUrl === undefined) return directUrl
  const url = new URL(directUrl)
  url.host = new URL(poolerUrl).host
  return url.href
}

export interface OwnRoute {
  readonly url: string
  /** Runs `work` while several server sessions are to be had at once. */
  withServerConnections<T>(count: number, work: () => Promise<T>): Promise<T>
}

const poolers: PgBouncer[] = []

/**
 * A route with a pooler of its own, for a file in which a test needs several server sessions at once: who holds a transaction while it
 * waits for another one would wait for ever. Such a test says so, and how many; all others have one.
 */
export async function ownRoute(directUrl: string): Promise<OwnRoute> {
  if (!isPooled) return { url: directUrl, withServerConnections: (_, work) => work() }
  const pooler = await startPgBouncer(directUrl)
  poolers.push(pooler)
  return {
    url: pooler.through(directUrl),
    async withServerConnections(count, work) {
      await pooler.resize(count)
      try {
        return await work()
      } finally {
        await pooler.resize(1)
      }
    },
  }
}

/** What each-file.ts calls when all tests and hooks of a file are done. */
export async function endPoolers(): Promise<void> {
  await Promise.all(poolers.splice(0).map((pooler) => pooler.stop()))
}

/**
 * A statement, or a session, whose effect outlives its transaction. It may run where the server session is the connection's own; behind a
 * pooler it must be refused, for closing our connection would not end the session that it stays on.
 */
export async function unlessPooled(attempt: Promise<unknown>): Promise<void> {
  if (isPooled) await expect(attempt).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
  else await attempt
}
