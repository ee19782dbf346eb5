/**
 * The application of the contract of sockets: what a server does with a connection, the same for every library, and whose answers say in which scope each step
 * ran. A subject connects it in the way of its library.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Tenancy } from '../../../src/tenancy.ts'
import { scopeProbe } from '../contract/routes.ts'

/** A question of a client. */
export interface Question {
  readonly id: number
  readonly action: string
}

/** One socket on the side of the server. */
export interface Connection {
  /** Adds a listener in the way of the library, which gets what the function returns. */
  onQuestion(listener: (question: Question) => unknown): void
  onClose(listener: () => unknown): void
  answer(id: number, reply: unknown): void
  /** Sends to all sockets of the tenant. */
  broadcast(text: string): void
}

export interface SocketApp {
  /** Called in the listener of a new connection. */
  connected(connection: Connection): void
  /** What ran without a question, by the schema in which its connection began. */
  readonly late: string[]
  /** Resolves when the listeners of closed connections are done. */
  settled(): Promise<unknown>
  /** What the adapter wrote to its log. */
  readonly logged: unknown[]
}

/** @param quiet for an adapter that is known to be wrong: what it lets fail is no unhandled rejection of the test */
export function socketApp(tenancy: Tenancy, quiet = false): SocketApp {
  const caught = (work: unknown): unknown => (quiet && work instanceof Promise ? work.catch(() => {}) : work)
  const { scope, schemaOfQuery, everywhere } = scopeProbe(tenancy)
  const late: string[] = []
  const connections = new Set<Connection>()
  const closings = new Set<Promise<void>>()

  const answers: Record<string, (connection: Connection) => unknown> = {
    who: async () => ({ scopes: await everywhere() }),
    now: () => ({ scope: scope() }),
    /** Listens to every other connection, from the scope of this one. */
    listen() {
      for (const other of connections) {
        other.onQuestion(async ({ id, action }) => {
          await sleep(1)
          if (action === 'ask the listener') other.answer(id, { scope: scope(), schema: await schemaOfQuery() })
        })
      }
      return {}
    },
    throws() {
      throw new Error('secret of the listener')
    },
    async rejects() {
      await sleep(2)
      throw new Error('secret of the listener')
    },
    broadcast(connection) {
      connection.broadcast(`for ${scope()}`)
      return {}
    },
    /** Waits for longer than the test takes to change the tenant. */
    async waits() {
      await sleep(50)
      return { scope: scope(), schema: await schemaOfQuery() }
    },
  }

  return {
    late,
    logged: [],
    async settled() {
      // The events of closed connections come a while after them, and from adapters that are known to be wrong, never.
      for (let tries = 0; connections.size > 0 && tries < 50; tries++) await sleep(10)
      await Promise.allSettled(closings)
    },
    connected(connection) {
      const schema = scope()
      connections.add(connection)
      connection.onQuestion(({ id, action }) => {
        const answer = answers[action]?.(connection)
        if (!(answer instanceof Promise)) return answer === undefined ? undefined : connection.answer(id, answer)
        return caught(answer.then((reply) => connection.answer(id, reply)))
      })
      const closed = async (): Promise<void> => {
        connections.delete(connection)
        await sleep(1)
        late.push(`closed ${schema} in ${scope()}, ${await schemaOfQuery()}`)
      }
      connection.onClose(() => {
        const closing = closed()
        closings.add(closing)
        return caught(closing)
      })
    },
  }
}
