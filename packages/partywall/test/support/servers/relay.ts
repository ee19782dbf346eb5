/**
 * A TCP relay to the server that can go silent, as a network does: what a client sends gets no answer, and the connection does not end. Or it loses the
 * last answer and the connection.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Relay {
  /** The same database through the relay. */
  readonly url: string
  /** When the relay stops passing on the answers of the server: at the first byte, after the login, or never. */
  silence: 'at once' | 'after the login' | 'never'
  /** When the server sends this text, the client gets neither that nor the rest of the answer; its connection ends when the server has done all. Once. */
  cutAfter?: string | undefined
  /** How many connections were opened so far. */
  opened: number
}

/** ReadyForQuery, outside of a transaction: it ends the login, and each answer. */
const idle = 'Z\0\0\0\u0005I'

/** Starts a relay that ends with the test. */
export async function relayForTest(url: string): Promise<Relay> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    relay.opened += 1
    const upstream = connect(Number(port || 5432), hostname)
    let hasAnswered = false
    let isCut = false
    upstream.on('data', (bytes) => {
      const isSilent = relay.silence === 'at once' || (relay.silence === 'after the login' && hasAnswered)
      hasAnswered ||= bytes.includes(idle, 0, 'latin1')
      if (relay.cutAfter !== undefined && bytes.includes(relay.cutAfter)) {
        relay.cutAfter = undefined
        isCut = true
      }
      if (isCut && bytes.includes(idle, 0, 'latin1')) client.destroy()
      if (!isSilent && !isCut) client.write(bytes)
    })
    client.on('data', (bytes) => upstream.write(bytes))
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const relayed = new URL(url)
  relayed.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const relay: Relay = { url: relayed.href, silence: 'never', opened: 0 }
  return relay
}
