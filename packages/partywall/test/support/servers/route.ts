/**
 * The route by which a test file reaches its database: directly, or through the PgBouncer of the run (the project "pgbouncer" of
 * vitest.config.ts). Most tests expect the same on both routes; where it matters that a connection has a server session of its own, a
 * test says what it expects on each.
 */
import { expect, inject } from 'vitest'
import { startPgBouncer, type PgBouncer } from './pgbouncer.ts'

export type Route = 'direct' | 'pgbouncer'

declare module 'vitest' {
  export interface ProvidedContext {
    partywallRoute: Route
    /** The address of the server of the run through its PgBouncer; absent when no project uses that route. */
    partywallPoolerUrl?: string
  }
}

export const route: Route = inject('partywallRoute')
/** True: each transaction may run on another server session, so nothing may stay on a session after it. */
export const isPooled = route === 'pgbouncer'

/** Returns the address of the same database on the route of this run; behind the pooler all clients share one server connection. */
export function onRoute(directUrl: string): string {
  const poolerUrl = inject('partywallPoolerUrl')
  if (!isPooled || poolerUrl === undefined) return directUrl
  const url = new URL(directUrl)
  url.host = new URL(poolerUrl).host
  return url.href
}

export interface OwnRoute {
  readonly url: string
  /** Runs `work` while the pooler has several server sessions. */
  withServerConnections<T>(count: number, work: () => Promise<T>): Promise<T>
}

const poolers: PgBouncer[] = []

/**
 * A route with a pooler of its own, for a file in which a test needs several server sessions at once: a transaction that waits for another
 * one would wait indefinitely for the only session. Such a test asks for the sessions that it needs; all others have one.
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
 * Expects that a statement or a session whose effect outlives its transaction succeeds on a direct connection, and is refused behind the
 * pooler: closing our connection would not end the server session on which the effect stays.
 */
export async function unlessPooled(attempt: Promise<unknown>): Promise<void> {
  if (isPooled) await expect(attempt).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
  else await attempt
}
