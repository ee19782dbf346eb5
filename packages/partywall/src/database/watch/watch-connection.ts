/** The connection of a watch. It is no member of a pool and has no tenant: every name in its statements is qualified. */
import pg, { type ClientConfig } from 'pg'
import { identifier } from '../../names/identifier.ts'
import type { WatchMode, WatchOptions } from '../../ports/watch.ts'

/** What the types of node-postgres leave out. */
interface ClientInternals {
  readonly processID: number
  readonly connection: { readonly stream: { destroy(): void } }
  ref(): void
  unref(): void
}

/** What the server shows as the program. */
export const watchName = 'partywall: changes of tenants'

export class WatchConnection {
  /** Rejects when the connection is lost. */
  readonly lost: Promise<never>
  /** Absent until `close` is called. */
  closed: Promise<void> | undefined
  readonly #client: pg.Client
  readonly #answerMs: number
  #isConnected = false
  #options: WatchOptions | undefined
  #mode: WatchMode = 'poll'
  #look: string | undefined
  /** The numbers of the last answer: a transaction that is still running has every poll answer with the same rows again. */
  #seen = new Set<string>()

  /** @param answerMs milliseconds for each answer of the server */
  constructor(config: ClientConfig, answerMs: number) {
    this.#answerMs = answerMs
    this.#client = new pg.Client({ ...config, application_name: watchName, keepAlive: true })
    this.lost = new Promise((_, reject) => {
      this.#client.once('error', reject)
      this.#client.once('end', () => reject(new Error('The server has closed the connection that watches for changes.')))
    })
    this.lost.catch(() => {})
    this.#client.on('error', () => {})
  }

  /** Connects, and listens where the server session is the connection's own. */
  async open(options: WatchOptions): Promise<WatchMode> {
    this.#options = options
    const { unref } = this.#client as unknown as ClientInternals
    unref.call(this.#client)
    await this.#within(this.#client.connect())
    this.#isConnected = true
    // The socket of an encrypted connection is another one.
    unref.call(this.#client)
    this.#client.on('notification', ({ payload = '' }) => options.onChange(payload))
    const { rows } = await this.#query(
      'select pg_catalog.pg_backend_pid()::text as pid, pg_catalog.pg_is_in_recovery()::text as replica',
    )
    const isDirect = rows[0]?.['pid'] === String((this.#client as unknown as ClientInternals).processID)
    if (isDirect && rows[0]?.['replica'] === 'false') {
      await this.#query(`listen ${identifier(options.channel)}`)
      this.#mode = 'listen'
    }
    return this.#mode
  }

  /** When it resolves, every change that was committed before the call has been passed on. */
  async ask(): Promise<void> {
    if (this.#mode === 'listen') return void (await this.#query('select 1'))
    const { text, values } = this.#options!.changesSince(this.#look)
    const { rows } = await this.#query(text, values)
    const { look, changes } = rows[0]!
    const lines = changes ? changes.split('\n').map((line) => /^(\d+) (.*)$/.exec(line)!) : []
    for (const [, number, announcement] of lines) if (!this.#seen.has(number!)) this.#options!.onChange(announcement!)
    this.#seen = new Set(lines.map(([, number]) => number!))
    this.#look = look!
  }

  /** Says goodbye to the server, and does not wait long for its answer. */
  close(): void {
    this.closed ??= this.#close()
  }

  async #close(): Promise<void> {
    this.#client.removeAllListeners('notification')
    const { connection, ref } = this.#client as unknown as ClientInternals
    let timer: NodeJS.Timeout | undefined
    if (this.#isConnected) {
      // A caller may await this as the last thing of its program.
      ref.call(this.#client)
      const late = new Promise((resolve) => (timer = setTimeout(resolve, 500)))
      await Promise.race([this.#client.end().catch(() => {}), late])
    }
    clearTimeout(timer)
    connection.stream.destroy()
  }

  #query(text: string, values?: readonly unknown[]): Promise<{ rows: Record<string, string | null>[] }> {
    return this.#within(this.#client.query(text, values as unknown[]))
  }

  async #within<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`The server has not answered for ${this.#answerMs} ms.`)), this.#answerMs)
      timer.unref()
    })
    try {
      return await Promise.race([answer, late, this.lost])
    } finally {
      clearTimeout(timer)
      answer.catch(() => {})
    }
  }
}
