/** How many bytes have gone over a connection since its last statement, by the counters of its socket. */
import type { ConnectionLike } from '../binding/pg-internals.ts'
import type { WireCounters } from '../../observation.ts'

export class WireUse implements WireCounters {
  readonly #connection: ConnectionLike
  endedAt = 0
  #sent = 0
  #received = 0

  constructor(connection: ConnectionLike) {
    this.#connection = connection
  }

  takeBytes(): { readonly bytesSent: number; readonly bytesReceived: number } {
    // With TLS the stream is another one after the greeting. One that is no socket does not count.
    const { bytesWritten = 0, bytesRead = 0 } = this.#connection.stream
    const bytesSent = Math.max(0, bytesWritten - this.#sent)
    const bytesReceived = Math.max(0, bytesRead - this.#received)
    this.#sent = bytesWritten
    this.#received = bytesRead
    return { bytesSent, bytesReceived }
  }
}
