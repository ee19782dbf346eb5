/**
 * A TCP relay that counts the statements of its clients, and can end one of them before it reaches the server. When all connections end at once and no new
 * one is accepted, the server sees what it sees of a process that is killed.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** What one round trip of a client asks for: a batch up to its Sync, or a text. */
export interface Sent {
  /** Counts from 1, over all connections. */
  readonly number: number
  /** With the texts of its statements, for messages. */
  readonly text: string
  /** The server process of the connection. */
  readonly pid: number
}

export interface StatementRelay {
  /** The same address through the relay. */
  through(url: string): string
  /** Counts from here on. Before each statement `decide` is asked: `cut` ends all connections, without the statement, and refuses new ones. */
  watch(decide: (sent: Sent) => 'pass' | 'cut' | Promise<'pass' | 'cut'>): void
  /** Passes all on, and accepts connections again. */
  rest(): void
}

const sync = 'S'
const query = 'Q'
/** Messages after which what was sent is passed on: also Flush, the parts of COPY, a password, the farewell. */
const ends = new Set([sync, query, 'H', 'd', 'c', 'f', 'p', 'X'])

export async function statementRelayForTest(url: string): Promise<StatementRelay> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  let isDead = false
  let count = 0
  let decide: Parameters<StatementRelay['watch']>[0] | undefined
  const kill = (): void => {
    isDead = true
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((client) => {
    if (isDead) return void client.destroy()
    const upstream = connect(Number(port || 5432), hostname)
    const batches = batchesOf()
    let pid = 0
    let queue = Promise.resolve()
    upstream.on('data', (bytes) => {
      // BackendKeyData, once, before the first answer.
      const at = pid === 0 ? bytes.indexOf('K\0\0\0\u000c', 0, 'latin1') : -1
      if (at !== -1) pid = bytes.readInt32BE(at + 5)
      client.write(bytes)
    })
    const pass = async ({ bytes, text }: Batch): Promise<void> => {
      if (text !== undefined && decide !== undefined) {
        count += 1
        if (!isDead && (await decide({ number: count, text, pid })) === 'cut') kill()
      }
      if (!isDead) upstream.write(bytes)
    }
    client.on('data', (bytes) => {
      for (const batch of batches(bytes)) queue = queue.then(() => pass(batch))
    })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        // What was sent before the end arrives.
        if (isDead) other.destroy()
        else void queue.then(() => other.end())
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    kill()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    through(original) {
      const relayed = new URL(original)
      relayed.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
      return relayed.href
    },
    watch(fn) {
      count = 0
      decide = fn
    },
    rest() {
      decide = undefined
      isDead = false
    },
  }
}

interface Batch {
  readonly bytes: Buffer
  /** Undefined for what is no statement: the login, the farewell. */
  readonly text: string | undefined
}

/** Cuts what a client sends into batches. A batch is held until it is whole: the server would run the beginning of one. */
function batchesOf(): (bytes: Buffer) => Batch[] {
  let rest = Buffer.alloc(0)
  let held: Buffer[] = []
  let texts = ''
  let isLoggedIn = false
  return (bytes) => {
    const batches: Batch[] = []
    rest = Buffer.concat([rest, bytes])
    for (;;) {
      // The messages before the login have no type.
      const head = isLoggedIn ? 1 : 0
      if (rest.length < head + 4) break
      const length = head + rest.readInt32BE(head)
      if (rest.length < length) break
      const message = rest.subarray(0, length)
      rest = rest.subarray(length)
      if (!isLoggedIn) {
        isLoggedIn = message.readInt32BE(4) >> 16 === 3
        batches.push({ bytes: message, text: undefined })
        continue
      }
      const type = String.fromCharCode(message[0]!)
      held.push(message)
      if (type === query || type === 'P') texts += ` ${message.subarray(5).toString('latin1')}`
      if (ends.has(type)) {
        const isStatement = type === sync || type === query
        batches.push({ bytes: Buffer.concat(held), text: isStatement ? texts : undefined })
        held = []
        texts = ''
      }
    }
    return batches
  }
}
