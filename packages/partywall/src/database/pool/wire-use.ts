/** How many bytes have gone over a connection since its last statement, by the counters of its socket. */
import type { ConnectionLike } from '../binding/pg-internals.ts'
import type { WireCounters } from '../../observation.ts'

export class WireUse implements WireCounters {
  readonly #connection: ConnectionLike
  endedAt = 0
  bytesSent = 0
  bytesReceived = 0
  #allSent = 0
  #allReceived = 0

  constructor(connection: ConnectionLike) {
    this.#connection = connection
  }

  look(): void {
    // With TLS the stream is another one after the greeting. One that is no socket does not count.
    const { bytesWritten = 0, bytesRead = 0 } = this.#connection.stream
    this.bytesSent = Math.max(0, bytesWritten - this.#allSent)
    this.bytesReceived = Math.max(0, bytesRead - this.#allReceived)
    this.#allSent = bytesWritten
    this.#allReceived = bytesRead
  }
}
