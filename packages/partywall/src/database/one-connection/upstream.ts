/** The one connection: it sends what it is given in order, and each answer goes to where its question came from. */
import type { Socket } from 'node:net'
import pg, { type ClientConfig } from 'pg'
import { explainUnreachable } from '../pool/unreachable.ts'
import { bodyAt, errorFields, Messages, query, readText, type Message } from './wire.ts'

/** What is asked of the server, until it is ready for the next question. */
export interface Exchange {
  hear(message: Message): void
  /** @param status of the transaction: `I`, `T` or `E` */
  ready(status: string): void
  lost(): void
}

/** What the types of node-postgres leave out. */
interface ClientInternals {
  readonly processID: number
  readonly secretKey: number
  readonly host: string
  readonly port: number
  readonly connection: { readonly stream: Socket; on(event: 'parameterStatus', listener: (message: Reported) => void): void }
}

interface Reported {
  readonly parameterName: string
  readonly parameterValue: string
}

/** An error that the server gave to a statement of our own. */
export class ServerSaid extends Error {
  readonly code: string

  constructor(fields: ReadonlyMap<string, string>) {
    super(fields.get('M') ?? 'The server gave an error.')
    this.code = fields.get('C') ?? ''
  }
}

export class Upstream {
  /** What the server has reported about its session. */
  readonly parameters: Map<string, string>
  /** The same outside of every statement: what a client is told when it connects, because others may be in the middle of a transaction. */
  readonly ownParameters: ReadonlyMap<string, string>
  readonly #client: pg.Client
  readonly #stream: Socket
  readonly #exchanges: Exchange[] = []
  readonly #messages = new Messages()
  isLost = false
  /** Called once, when the connection ends. */
  onLost: () => void = () => {}

  /** @throws TenancyError DATABASE_UNREACHABLE */
  static async open(config: ClientConfig): Promise<Upstream> {
    const client = new pg.Client({ ...config, application_name: 'partywall: test transaction' })
    const { connection } = client as unknown as ClientInternals
    const parameters = new Map<string, string>()
    connection.on('parameterStatus', ({ parameterName, parameterValue }) => void parameters.set(parameterName, parameterValue))
    client.on('error', () => {})
    try {
      await client.connect()
    } catch (error) {
      throw explainUnreachable(error as Error, config)
    }
    return new Upstream(client, parameters)
  }

  private constructor(client: pg.Client, parameters: Map<string, string>) {
    this.#client = client
    this.parameters = parameters
    this.ownParameters = new Map(parameters)
    // node-postgres has logged in; from here on the bytes are ours.
    this.#stream = (client as unknown as ClientInternals).connection.stream
    this.#stream.removeAllListeners('data')
    this.#stream.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#stream.once('close', () => this.#lose())
  }

  /** Who must be named to cancel what runs. */
  get key(): { readonly host: string; readonly port: number; readonly processID: number; readonly secretKey: number } {
    const { host, port, processID, secretKey } = this.#client as unknown as ClientInternals
    return { host, port, processID, secretKey }
  }

  /** Everything that is written until the next call belongs to this question. It must end in exactly one message after which the server is ready. */
  ask(exchange: Exchange, ...bytes: readonly Buffer[]): void {
    if (this.isLost) return exchange.lost()
    this.#exchanges.push(exchange)
    this.write(...bytes)
  }

  write(...bytes: readonly Buffer[]): void {
    if (!this.isLost) for (const one of bytes) this.#stream.write(one)
  }

  /** Statements of our own, in one text. @throws ServerSaid */
  async run(sql: string): Promise<{ readonly rows: readonly string[][]; readonly status: string }> {
    const rows: string[][] = []
    let failure: Error | undefined
    const hear = ({ type, bytes }: Message): void => {
      if (type === 'E') failure ??= new ServerSaid(errorFields(bytes))
      if (type === 'D') rows.push(fieldsOf(bytes))
    }
    const status = await new Promise<string>((resolve, reject) => {
      this.ask(
        { hear, ready: resolve, lost: () => reject(new Error('The connection of the test transaction is lost.')) },
        query(sql),
      )
    })
    if (failure !== undefined) throw failure
    return { rows, status }
  }

  /** From here on the connection belongs to the caller, who reads and writes its bytes. */
  handOver(): Socket {
    this.#stream.removeAllListeners('data')
    return this.#stream
  }

  async end(): Promise<void> {
    if (this.isLost) return
    const closed = new Promise<void>((resolve) => this.#stream.once('close', () => resolve()))
    this.#stream.end(Buffer.from([0x58, 0, 0, 0, 4]))
    await closed
  }

  #read(chunk: Buffer): void {
    for (const message of this.#messages.take(chunk)) {
      const { type, bytes } = message
      if (type === 'S') {
        const { value: name, end } = readText(bytes, bodyAt)
        this.parameters.set(name, readText(bytes, end).value)
      } else if (type === 'Z') this.#exchanges.shift()?.ready(String.fromCharCode(bytes[bodyAt]!))
      else this.#exchanges[0]?.hear(message)
    }
  }

  #lose(): void {
    if (this.isLost) return
    this.isLost = true
    for (const exchange of this.#exchanges.splice(0)) exchange.lost()
    this.onLost()
  }
}

function fieldsOf(bytes: Buffer): string[] {
  const fields: string[] = []
  let at = bodyAt + 2
  for (let left = bytes.readInt16BE(bodyAt); left > 0; left--) {
    const length = bytes.readInt32BE(at)
    at += 4
    fields.push(length < 0 ? '' : bytes.toString('utf8', at, at + length))
    at += Math.max(length, 0)
  }
  return fields
}
