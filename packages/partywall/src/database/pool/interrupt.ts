/**
 * Ends the work of a pool whose process is about to end, for example at Ctrl-C. A backend notices only when it writes that its client is
 * gone: without a cancel request, a statement that runs would go on and commit.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { activeQueryOf, type ConnectionLike } from '../binding/pg-internals.ts'
import { hasPoolInternals } from './pool-internals.ts'
import type { TenantClient } from './tenant-client.ts'
import { loginConnectionsOf, type TenantPool } from './tenant-pool.ts'

const checkEveryMs = 25
/** A cancel request that arrives between two statements has no effect, so it is repeated. */
const repeatAfterMs = 500

/**
 * Resolves when no client of the pool works any more: the server has answered the statements that ran, all of which were asked to stop. A
 * client between two statements is disconnected, so the server rolls its transaction back. The caller must start no further work.
 */
export async function interruptPool(pool: TenantPool): Promise<void> {
  const askedAt = new WeakMap<object, number>()
  const disconnected = new WeakSet<TenantClient>()
  // A waiter may get a connection that a cancelled statement gives back, so the pool must be found at rest twice.
  for (let timesAtRest = 0; timesAtRest < 2; await sleep(checkEveryMs)) {
    const busy = clientsOf(pool).filter((client) => !client.isAtRest && !disconnected.has(client))
    timesAtRest = busy.length === 0 ? timesAtRest + 1 : 0
    for (const client of busy) {
      const statement = activeQueryOf(client) as object | null | undefined
      if (statement) cancelRepeatedly(client, statement, askedAt)
      else {
        ;(client as unknown as Cancellable).connection.stream.destroy()
        disconnected.add(client)
      }
    }
  }
}

function cancelRepeatedly(client: TenantClient, statement: object, askedAt: WeakMap<object, number>): void {
  const now = performance.now()
  if (now - (askedAt.get(statement) ?? -Infinity) < repeatAfterMs) return
  askedAt.set(statement, now)
  requestCancel(client)
}

/** When the signal is aborted, asks the server to end what the client runs, again and again. @returns what ends the listening */
export function cancelOnAbort(client: TenantClient, signal: AbortSignal): () => void {
  let repeating: NodeJS.Timeout | undefined
  const cancel = (): void => {
    if (activeQueryOf(client)) requestCancel(client)
  }
  const onAbort = (): void => {
    cancel()
    repeating = setInterval(cancel, repeatAfterMs)
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return () => {
    signal.removeEventListener('abort', onAbort)
    clearInterval(repeating)
  }
}

/** Asks the server on a connection of its own, as the protocol requires it; a pooler passes the request on. */
function requestCancel(client: TenantClient): void {
  const { host, port, ssl, processID, secretKey, connection } = client as unknown as Cancellable
  const asking = new pg.Connection({ ssl, sslNegotiation: connection.sslNegotiation } as object) as unknown as Asking
  const ask = (): void => asking.cancel(processID, secretKey)
  asking.on('connect', () => (ssl ? asking.requestSsl() : ask()))
  asking.on('sslconnect', ask)
  asking.on('error', () => {})
  // The server closes this connection when it has read the request.
  asking.on('end', () => asking.stream.destroy())
  if (host.startsWith('/')) asking.connect(`${host}/.s.PGSQL.${port}`)
  else asking.connect(port, host)
}

interface Cancellable {
  readonly host: string
  readonly port: number
  readonly ssl: unknown
  readonly processID: number
  readonly secretKey: unknown
  readonly connection: ConnectionLike & { readonly sslNegotiation?: string }
}

/** The methods of pg.Connection that its types leave out. */
interface Asking {
  readonly stream: { destroy(): unknown }
  connect(port: number | string, host?: string): void
  requestSsl(): void
  cancel(processID: number, secretKey: unknown): void
  on(event: string, listener: () => void): unknown
}

function clientsOf(pool: TenantPool): readonly TenantClient[] {
  const own = hasPoolInternals(pool) ? (pool._clients as unknown as readonly TenantClient[]) : []
  return [...own, ...(loginConnectionsOf(pool)?.clients ?? [])]
}
