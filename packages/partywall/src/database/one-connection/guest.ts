/**
 * A client of the one connection. To the client it looks like a session of its own: it has a transaction or none, its prepared statements, its settings. One
 * statement (what is sent until the server is ready) is one stay on the connection; a transaction is a stay that lasts until its end.
 */
import type { Socket } from 'node:net'
import { splitStatements } from '../../sql/lexer.ts'
import { changedText, inTestWords, outer, type Completion } from './texts.ts'
import type { Exchange } from './upstream.ts'
import {
  bodyAt,
  errorFields,
  errorMessage,
  message,
  parameter,
  query,
  readText,
  ready,
  sync,
  text,
  type Message,
  type Refusal,
} from './wire.ts'
import type { Entering, Host } from './host.ts'

/** What is sent until the server is ready again. */
interface Stay {
  /** All of it was sent. */
  isWhole: boolean
  /** The client sends rows. */
  isCopying: boolean
  isExtended: boolean
  /** Of a text. */
  completions: readonly Completion[] | undefined
  completed: number
  /** Of statements by the extended protocol, in the order in which they run. */
  readonly running: (Completion | undefined)[]
  /** The session setting that the text makes. */
  setting: string | undefined
  hasFailed: boolean
  /** It is in the transaction of a test. */
  readonly isInTest: boolean
}

export class Guest implements Entering {
  readonly id: number
  readonly #socket: Socket
  readonly #host: Host
  readonly #pending: Message[] = []
  readonly #reported: Map<string, string>
  /** SET statements of the session, which are made again for each stay. */
  readonly #settings: string[]
  readonly #statements = new Map<string, Completion | undefined>()
  readonly #portals = new Map<string, Completion | undefined>()
  #stay: Stay | undefined
  #inTransaction = false
  #isFailed = false
  /** The texts of a batch that was refused, until its end. */
  #skipped: string[] | undefined
  #isGone = false
  /** It has done something in the transaction of a test. */
  hasWorked = false
  /** Since when the client holds its transaction and sends nothing. */
  idleSince = 0

  /** @param told what it was told of the session when it connected */
  constructor(id: number, socket: Socket, host: Host, settings: readonly string[], told: ReadonlyMap<string, string>) {
    this.id = id
    this.#socket = socket
    this.#host = host
    this.#settings = [...settings]
    this.#reported = new Map(told)
  }

  get inTransaction(): boolean {
    return this.#inTransaction
  }

  get isIdle(): boolean {
    return this.#stay === undefined
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** SQL that comes before each stay. */
  get prelude(): string {
    return [`savepoint ${outer}`, ...this.#settings].join('; ')
  }

  take(given: Message): void {
    if (this.#isGone) return
    if (given.type === 'X') return this.leave()
    const stay = this.#stay
    if (stay !== undefined && !stay.isWhole) return this.#send(given, stay)
    // Rows of a COPY, and the Sync that the server has not read while it read rows.
    if (stay?.isCopying === true && 'dcfSH'.includes(given.type)) return this.#host.write(given.bytes)
    this.#pending.push(given)
    this.pump()
  }

  /** Sends what waits, if it is this client's turn. */
  pump(): void {
    while (this.#stay === undefined && this.#pending.length > 0 && !this.#isGone) {
      if (this.#skipped !== undefined) this.#skip(this.#skipped)
      else {
        const [first] = this.#pending
        const place = this.#host.mayEnter(this, first!.type === 'Q' ? readText(first!.bytes, bodyAt).value : undefined)
        if (place === undefined) return
        this.#enter(place === 'the test')
      }
    }
  }

  /** Answers what waits with this error. */
  refuse(refusal: Refusal): void {
    const first = this.#pending.shift()
    if (first === undefined || this.#isGone) return
    this.#socket.write(errorMessage(refusal))
    if (first.type === 'Q' || first.type === 'F' || first.type === 'S') {
      this.#host.refused(this, first.type === 'Q' ? [readText(first.bytes, bodyAt).value] : [])
      this.#socket.write(ready(this.#status))
    } else this.#skipped = textOf(first)
    this.pump()
  }

  /** The client says goodbye, or is lost. */
  leave(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#socket.end()
    const stay = this.#stay
    if (stay !== undefined && !stay.isWhole) {
      this.#host.write(...(stay.isCopying ? [message('f', text('the client has left'))] : []), sync)
      stay.isWhole = true
    }
    this.#host.left(this, this.#named())
  }

  /** Ends the connection of a client from here. */
  end(refusal: Refusal): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#inTransaction = false
    this.#socket.end(errorMessage({ ...refusal, severity: 'FATAL' }))
    this.#host.left(this, this.#named())
  }

  lose(): void {
    this.#isGone = true
    this.#socket.destroy()
  }

  /** The transaction of the test is over, and with it all that the client had begun. */
  forget(): void {
    this.#portals.clear()
  }

  #named(): string[] {
    return [...this.#statements.keys()].filter((name) => name !== '').map((name) => this.#ownName(name))
  }

  get #status(): string {
    return !this.#inTransaction ? 'I' : this.#isFailed ? 'E' : 'T'
  }

  /** After an error the server ignores the rest of a batch; so does this. */
  #skip(skipped: string[]): void {
    const given = this.#pending.shift()!
    skipped.push(...textOf(given))
    if (given.type !== 'S') return
    this.#skipped = undefined
    this.#host.refused(this, skipped)
    this.#socket.write(ready(this.#status))
  }

  #enter(isInTest: boolean): void {
    this.hasWorked ||= isInTest
    const stay: Stay = {
      isInTest,
      isWhole: false,
      isCopying: false,
      isExtended: false,
      completions: undefined,
      completed: 0,
      running: [],
      setting: undefined,
      hasFailed: false,
    }
    this.#stay = stay
    this.#host.ask(this.#exchangeOf(stay))
    while (!stay.isWhole && this.#pending.length > 0) this.#send(this.#pending.shift()!, stay)
  }

  #exchangeOf(stay: Stay): Exchange {
    return {
      hear: (given) => this.#hear(given, stay),
      ready: (status) => void this.#leaveStay(status, stay),
      lost: () => {},
    }
  }

  #send(given: Message, stay: Stay): void {
    const { type, bytes } = given
    switch (type) {
      case 'Q':
        stay.isWhole = true
        return this.#sendText(readText(bytes, bodyAt).value, stay)
      case 'P':
        stay.isExtended = true
        return this.#sendParse(bytes)
      case 'B': {
        const portal = readText(bytes, bodyAt)
        const statement = readText(bytes, portal.end)
        this.#portals.set(portal.value, this.#statements.get(statement.value))
        return this.#host.write(
          message('B', text(portal.value), text(this.#ownName(statement.value)), bytes.subarray(statement.end)),
        )
      }
      case 'D':
      case 'C':
        return this.#host.write(this.#withOwnName(bytes, type))
      case 'E':
        stay.running.push(this.#portals.get(readText(bytes, bodyAt).value))
        return this.#host.write(bytes)
      case 'S':
      case 'F':
        stay.isWhole = true
        return this.#host.write(bytes)
      default:
        return this.#host.write(bytes)
    }
  }

  #sendText(sql: string, stay: Stay): void {
    const changed = changedText(sql, this.#place(false))
    stay.completions = changed.completions
    stay.setting = settingOf(sql)
    this.#host.write(query(changed.text))
  }

  #sendParse(bytes: Buffer): void {
    const name = readText(bytes, bodyAt)
    const sql = readText(bytes, name.end)
    const changed = changedText(sql.value, this.#place(true))
    this.#statements.set(name.value, changed.completions?.[0])
    this.#host.write(message('P', text(this.#ownName(name.value)), text(changed.text), bytes.subarray(sql.end)))
  }

  /** Describe and Close name a statement or a portal. */
  #withOwnName(bytes: Buffer, type: string): Buffer {
    const isStatement = bytes[bodyAt] === 0x53
    const { value } = readText(bytes, bodyAt + 1)
    if (!isStatement) return bytes
    if (type === 'C') this.#statements.delete(value)
    return message(type, Buffer.from('S'), text(this.#ownName(value)))
  }

  /** Statements of all clients are in one session. */
  #ownName(name: string): string {
    return name === '' ? '' : `partywall_${this.id}_${name}`
  }

  #place(isExtended: boolean) {
    return {
      inTransaction: this.#inTransaction,
      isFailed: this.#isFailed,
      level: this.#host.level,
      deferred: this.#host.deferred,
      isExtended,
    }
  }

  #hear(given: Message, stay: Stay): void {
    const { type, bytes } = given
    if (type === 'C') return this.#completed(bytes, stay)
    if (type === 's') stay.running.shift()
    if (type === 'I' && stay.isExtended) stay.running.shift()
    if (type === 'G') stay.isCopying = true
    if (type === 'A') return
    if (type === 'E') return this.#failed(bytes, stay)
    this.#tell(bytes)
  }

  #completed(bytes: Buffer, stay: Stay): void {
    const completion = stay.isExtended ? stay.running.shift() : stay.completions?.[stay.completed++]
    stay.isCopying = false
    if (completion?.effect === 'begins') this.#inTransaction = true
    if (completion?.effect === 'ends' && completion.isOurs === undefined) this.#inTransaction = false
    if (completion?.isOurs) return
    this.#tell(completion?.tag === undefined ? bytes : message('C', text(completion.tag)))
  }

  #failed(bytes: Buffer, stay: Stay): void {
    stay.hasFailed = true
    stay.isCopying = false
    const completion = stay.isExtended ? stay.running[0] : stay.completions?.[stay.completed]
    // The check of a commit: PostgreSQL would have rolled back.
    if (completion?.effect === 'ends' && !this.#isFailed) this.#inTransaction = false
    const fields = errorFields(bytes)
    if (fields.get('C') !== '25001') return this.#tell(bytes)
    this.#tell(errorMessage({ code: '25001', message: inTestWords(fields.get('M') ?? '') }))
  }

  async #leaveStay(status: string, stay: Stay): Promise<void> {
    this.#isFailed = this.#inTransaction && status === 'E'
    if (stay.setting !== undefined && !stay.hasFailed) this.#settings.push(stay.setting)
    if (this.#inTransaction && !this.#isGone) {
      this.#stay = undefined
      this.idleSince = performance.now()
      this.#tellReady(status)
      return this.pump()
    }
    // What it has begun and not ended is undone.
    const isUndone = status === 'E' || this.#inTransaction
    this.#inTransaction = false
    const failure = stay.isInTest ? await this.#host.endStay(isUndone) : undefined
    this.#stay = undefined
    if (failure !== undefined) this.#tell(errorMessage(failure))
    this.#tellReady('I')
    this.#host.passOn(this)
    this.pump()
  }

  #tellReady(status: string): void {
    for (const [name, value] of this.#host.parameters) {
      if (this.#reported.get(name) === value) continue
      this.#reported.set(name, value)
      this.#tell(parameter(name, value))
    }
    this.#tell(ready(status))
  }

  #tell(bytes: Buffer): void {
    if (!this.#isGone) this.#socket.write(bytes)
  }
}

/** That of a statement which is prepared. */
function textOf({ type, bytes }: Message): string[] {
  return type === 'P' ? [readText(bytes, readText(bytes, bodyAt).end).value] : []
}

/** A SET of the session, which the next statements of the same client must find. */
function settingOf(sql: string): string | undefined {
  if (!/^\s*set\b/i.test(sql)) return undefined
  const [only, ...others] = splitStatements(sql)
  if (only === undefined || others.length > 0) return undefined
  const isLocal = ['local', 'transaction', 'constraints'].includes(only.tokens[1] ?? '')
  return isLocal ? undefined : sql.slice(only.start, only.end)
}
