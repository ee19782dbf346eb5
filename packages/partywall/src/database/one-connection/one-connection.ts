/**
 * A PostgreSQL server in this process with one connection to the real one, for a test whose statements are all undone: whatever connects here (pools, libraries, other
 * processes) gets a session, and all sessions work in one transaction, one after the other. To its clients it is a pooler in transaction mode with one
 * connection; a transaction of a client is a savepoint of it.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { ClientConfig } from 'pg'
import { TenancyError } from '../../errors.ts'
import { catalogSchema, identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import { routeQuestion } from '../pool/sending-client.ts'
import { watchName } from '../watch/watch-connection.ts'
import { Guest } from './guest.ts'
import type { Entering, Host } from './host.ts'
import { commitCheck, outer, type IsolationLevel } from './texts.ts'
import { ServerSaid, Upstream, type Exchange } from './upstream.ts'
import {
  bodyAt,
  errorMessage,
  message,
  Messages,
  number,
  parameter,
  query,
  readText,
  ready,
  sync,
  text,
  type Refusal,
} from './wire.ts'

export interface OneConnectionOptions {
  /** How long a statement waits for another client whose transaction is open and does nothing. */
  readonly waitMs: number
}

/** What was found when the transaction of a test was rolled back. */
export interface Undone {
  /** Clients that had begun a transaction and not ended it. */
  readonly openTransactions: number
  /** What processes remember of tenants may come from this transaction. */
  readonly hasChangedCatalog: boolean
}

const noTest: Refusal = {
  code: 'PWT02',
  message:
    'No transaction of a test is open, so nothing can be queried here. Query inside of a test; for rows that stay, use the tenancy of the test database itself. ' +
    'Work that goes on after its test is a leak.',
}

export class OneConnection {
  readonly url: string
  readonly #config: ClientConfig
  readonly #server: Server
  readonly #secret: string
  readonly #options: OneConnectionOptions
  readonly #guests = new Map<number, Guest>()
  readonly #keys = new Map<number, number>()
  readonly #waiting: Entering[] = []
  readonly #through = new Set<Socket>()
  readonly #host: Host
  #upstream: Upstream | undefined
  #owner: Entering | undefined
  /** How many transactions of tests are open; the second one is a savepoint of the first. */
  #depth = 0
  #isEnding = false
  /** Guests wait: a test begins, and its savepoint must not stand inside of one of theirs. */
  #isBeginning = false
  #level: IsolationLevel = 'read committed'
  #deferred: string | undefined
  #strays = 0
  #nextId = 1

  /** @throws TenancyError DATABASE_UNREACHABLE */
  static async open(config: ClientConfig, options: OneConnectionOptions): Promise<OneConnection> {
    const upstream = await Upstream.open(config)
    const { rows } = await upstream.run('select current_user, current_database()')
    const secret = randomBytes(16).toString('hex')
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const [user, database] = rows[0]!.map(encodeURIComponent)
    const url = `postgres://${user}:${secret}@127.0.0.1:${port}/${database}`
    return new OneConnection({ config, options, upstream, secret, server, url })
  }

  private constructor(parts: {
    readonly config: ClientConfig
    readonly options: OneConnectionOptions
    readonly upstream: Upstream
    readonly secret: string
    readonly server: Server
    readonly url: string
  }) {
    this.url = parts.url
    this.#config = parts.config
    this.#options = parts.options
    this.#secret = parts.secret
    this.#server = parts.server
    this.#host = this.#hostOfGuests()
    this.#use(parts.upstream)
    parts.server.on('connection', (socket) => this.#greet(socket))
  }

  /** Statements that came when no transaction of a test was open, since the last call. */
  takeStrays(): number {
    const strays = this.#strays
    this.#strays = 0
    return strays
  }

  /** Begins the transaction of a test; inside of one it is a savepoint. Up to two round trips. @throws TenancyError DATABASE_UNREACHABLE */
  async begin(level: IsolationLevel = 'read committed'): Promise<number> {
    this.#isBeginning = true
    try {
      await this.#whenIdle(Infinity)
      return await this.#begin(level)
    } finally {
      this.#isBeginning = false
      this.#goOn()
    }
  }

  async #begin(level: IsolationLevel): Promise<number> {
    if (this.#upstream === undefined) this.#use(await Upstream.open(this.#config))
    const upstream = this.#upstream!
    if (this.#owner?.inTransaction) throw openAtBeginning()
    if (this.#depth > 0) await upstream.run(`savepoint ${mark(this.#depth)}`)
    else {
      const { rows } = await upstream.run(`begin isolation level ${level}; ${deferrableSql}`)
      this.#level = level
      this.#deferred = rows.length === 0 ? undefined : deferredOf(rows)
    }
    return ++this.#depth
  }

  /** Rolls back what was done since the `begin` that returned `depth`, and in those after it. */
  async rollBack(depth: number): Promise<Undone> {
    if (depth > this.#depth) return { openTransactions: 0, hasChangedCatalog: false }
    this.#isEnding = true
    try {
      for (const guest of this.#waiting.splice(0)) guest.refuse(noTest)
      await this.#whenIdle(this.#options.waitMs)
      const openTransactions = this.#endTransactions()
      const upstream = this.#upstream
      if (upstream === undefined || upstream.isLost) return { openTransactions, hasChangedCatalog: true }
      const hasChangedCatalog = await upstream.run(catalogChangesSql).then(
        ({ rows }) => rows.length > 0,
        () => true,
      )
      await upstream.run(
        depth === 1 ? 'rollback' : `rollback to savepoint ${mark(depth - 1)}; release savepoint ${mark(depth - 1)}`,
      )
      return { openTransactions, hasChangedCatalog }
    } finally {
      this.#depth = depth - 1
      this.#isEnding = false
      for (const guest of this.#guests.values()) guest.forget()
    }
  }

  async close(): Promise<void> {
    if (this.#depth > 0) await this.rollBack(1)
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#through) socket.destroy()
    for (const guest of this.#guests.values()) guest.end({ code: '57P01', message: 'The test database is being closed.' })
    await closed
    await this.#upstream?.end()
  }

  #use(upstream: Upstream): void {
    this.#upstream = upstream
    upstream.onLost = () => {
      if (this.#upstream === upstream) this.#upstream = undefined
      this.#owner = undefined
      this.#waiting.length = 0
      for (const guest of this.#guests.values()) guest.lose()
      this.#guests.clear()
      this.#depth = 0
    }
  }

  /** A statement that runs is waited for, and cancelled when it takes long. */
  async #whenIdle(patienceMs: number): Promise<void> {
    const late = performance.now() + patienceMs
    let isCancelled = false
    while (this.#owner !== undefined && !this.#owner.isIdle) {
      if (!isCancelled && performance.now() > late) {
        isCancelled = true
        this.#cancel()
      }
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  #endTransactions(): number {
    const owner = this.#owner
    if (owner === undefined || !owner.inTransaction) return 0
    owner.end({ code: '57P01', message: 'The test has ended, and this transaction was still open.' })
    this.#owner = undefined
    return 1
  }

  #hostOfGuests(): Host {
    const parameters = (): ReadonlyMap<string, string> => this.#upstream?.parameters ?? new Map<string, string>()
    const level = (): IsolationLevel => this.#level
    const deferred = (): string | undefined => this.#deferred
    return {
      get parameters() {
        return parameters()
      },
      get level() {
        return level()
      },
      get deferred() {
        return deferred()
      },
      mayEnter: (guest, sql) => this.#mayEnter(guest, sql),
      ask: (exchange) => this.#upstream?.ask(exchange),
      write: (...bytes) => this.#upstream?.write(...bytes),
      endStay: (isUndone) => this.#endStay(isUndone),
      passOn: (guest) => this.#passOn(guest),
      refused: (guest, texts) => {
        // A process looks at its catalog from time to time, without being asked to.
        const isOwn = texts.some((one) => readsCatalog.test(one))
        if (guest.hasWorked && !isOwn && (this.#depth === 0 || this.#isEnding)) this.#strays += 1
      },
      left: (guest, statements) => this.#left(guest, statements),
    }
  }

  #mayEnter(guest: Entering, sql: string | undefined): 'the test' | 'no transaction' | undefined {
    const isOpen = this.#depth > 0 && !this.#isEnding
    // A pool may open one more connection while a test ends: what it asks first is about the connection.
    const isFirstQuestion = !guest.hasWorked && sql?.startsWith(routeQuestion) === true && this.#upstream !== undefined
    if (!isOpen && !isFirstQuestion) {
      guest.refuse(noTest)
      return undefined
    }
    if (this.#owner === guest && !this.#isBeginning) return 'the test'
    if (this.#owner === undefined && !this.#isBeginning) {
      this.#owner = guest
      if (!isOpen) return 'no transaction'
      this.#upstream!.ask(ignored, query(guest.prelude))
      return 'the test'
    }
    if (this.#owner !== guest && !this.#waiting.includes(guest)) {
      this.#waiting.push(guest)
      this.#watch(guest)
    }
    return undefined
  }

  /** What waits for a transaction that does nothing may wait for itself: a handler that queries the pool inside of its own transaction. */
  #watch(guest: Entering): void {
    const { waitMs } = this.#options
    const timer = setTimeout(() => {
      if (!this.#waiting.includes(guest)) return
      const owner = this.#owner
      const isStuck =
        owner !== undefined && owner.inTransaction && owner.isIdle && performance.now() - owner.idleSince > waitMs / 2
      if (!isStuck) return this.#watch(guest)
      this.#waiting.splice(this.#waiting.indexOf(guest), 1)
      guest.refuse({
        code: 'PWT01',
        message:
          `In the transaction of a test, all statements share one connection, and another client's transaction has been open and idle for ${waitMs} ms. ` +
          'Inside of a transaction, query with its own client; end each transaction that was begun. Or give this test a tenant of its own: the mode "tenant".',
      })
    }, waitMs)
    timer.unref()
  }

  async #endStay(isUndone: boolean): Promise<Refusal | undefined> {
    const upstream = this.#upstream
    if (upstream === undefined) return undefined
    const back = `rollback to savepoint ${outer}; release savepoint ${outer}; ${resetSql}`
    try {
      await upstream.run(isUndone ? back : `${commitCheck(this.#deferred)}release savepoint ${outer}; ${resetSql}`)
      return undefined
    } catch (error) {
      if (!(error instanceof ServerSaid)) return undefined
      await upstream.run(back).catch(() => {})
      return { code: error.code, message: error.message }
    }
  }

  #passOn(guest: Entering): void {
    if (this.#owner !== guest) return
    this.#owner = undefined
    this.#goOn()
  }

  #goOn(): void {
    if (this.#isBeginning) return
    if (this.#owner === undefined) this.#waiting.shift()?.pump()
    else this.#owner.pump()
  }

  #left(guest: Entering, statements: readonly string[]): void {
    this.#guests.delete(guest.id)
    this.#keys.delete(guest.id)
    const at = this.#waiting.indexOf(guest)
    if (at !== -1) this.#waiting.splice(at, 1)
    // One that left in the middle of its transaction.
    if (this.#owner === guest && guest.isIdle) void this.#endStay(true).then(() => this.#passOn(guest))
    if (statements.length === 0 || this.#upstream === undefined) return
    this.#upstream.ask(ignored, ...statements.map((name) => message('C', Buffer.from('S'), text(name))), sync)
  }

  /** From the first bytes of a client to its login. */
  #greet(socket: Socket): void {
    let start: Buffer = Buffer.alloc(0)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    const read = (chunk: Buffer): void => {
      start = Buffer.concat([start, chunk])
      while (start.length >= 8 && start.length >= start.readInt32BE(0)) {
        const [length, code] = [start.readInt32BE(0), start.readInt32BE(4)]
        const first = start.subarray(0, length)
        start = start.subarray(length)
        if (code === sslRequest || code === gssRequest) socket.write('N')
        else {
          socket.off('data', read)
          if (code === cancelRequest) return this.#cancelFor(first, socket)
          this.#logIn(socket, startup(first), start)
          return
        }
      }
    }
    socket.on('data', read)
  }

  #logIn(socket: Socket, settings: ReadonlyMap<string, string>, rest: Buffer): void {
    const messages = new Messages()
    let guest: Guest | undefined
    const read = (chunk: Buffer): void => {
      for (const given of messages.take(chunk)) {
        const isLogin = given.type === 'p' && readText(given.bytes, bodyAt).value === this.#secret
        if (guest !== undefined) guest.take(given)
        else if (isLogin && settings.get('application_name') === watchName) {
          socket.off('data', read)
          return void this.#passThrough(socket)
        } else if (isLogin) guest = this.#welcome(socket, settings)
        else
          return void socket.end(
            errorMessage({ severity: 'FATAL', code: '28P01', message: 'The password of the test database is another one.' }),
          )
      }
    }
    socket.on('data', read)
    socket.on('close', () => guest?.leave())
    socket.write(message('R', number(3)))
    if (rest.length > 0) read(rest)
  }

  #welcome(socket: Socket, settings: ReadonlyMap<string, string>): Guest {
    const id = this.#nextId++
    const told = this.#upstream?.ownParameters ?? new Map<string, string>()
    const guest = new Guest(id, socket, this.#host, settingsOf(settings), told)
    this.#guests.set(id, guest)
    const secret = randomInt(2 ** 31)
    this.#keys.set(id, secret)
    socket.write(message('R', number(0)))
    for (const [name, value] of told) socket.write(parameter(name, value))
    socket.write(message('K', number(id), number(secret)))
    socket.write(ready('I'))
    return guest
  }

  /** What watches for the changes of others gets a connection of its own: it hears of what is committed. */
  async #passThrough(socket: Socket): Promise<void> {
    socket.pause()
    const own = await Upstream.open(this.#config).catch(() => undefined)
    if (own === undefined) return void socket.destroy()
    const { processID, secretKey } = own.key
    socket.write(message('R', number(0)))
    for (const [name, value] of own.parameters) socket.write(parameter(name, value))
    socket.write(message('K', number(processID), number(secretKey)))
    socket.write(ready('I'))
    const stream = own.handOver()
    this.#through.add(socket)
    for (const [from, to] of [
      [socket, stream],
      [stream, socket],
    ] as const) {
      from.pipe(to)
      from.on('error', () => {})
      from.once('close', () => to.destroy())
    }
    socket.once('close', () => this.#through.delete(socket))
  }

  #cancelFor(first: Buffer, socket: Socket): void {
    socket.end()
    const [id, secret] = [first.readInt32BE(8), first.readInt32BE(12)]
    if (this.#owner?.id === id && this.#keys.get(id) === secret) this.#cancel()
  }

  #cancel(): void {
    const upstream = this.#upstream
    if (upstream === undefined) return
    const { host, port, processID, secretKey } = upstream.key
    const target = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
    const socket = connect(target, () =>
      socket.end(Buffer.concat([number(16), number(cancelRequest), number(processID), number(secretKey)])),
    )
    socket.on('error', () => {})
  }
}

const sslRequest = 80_877_103
const gssRequest = 80_877_104
const cancelRequest = 80_877_102

const ignored: Exchange = { hear() {}, ready() {}, lost() {} }

const readsCatalog = new RegExp(`\\b(?:from|join|into|update)\\s+"?${catalogSchema}"?\\.`, 'i')

/** As after a commit, which ends what was set for the transaction. */
const resetSql = 'reset all; reset role'

/** Constraints that may wait for a commit, and whether they do. */
const deferrableSql = `
  select pg_catalog.quote_ident(namespace.nspname) || '.' || pg_catalog.quote_ident(con.conname), con.condeferred
  from pg_catalog.pg_constraint as con
  join pg_catalog.pg_namespace as namespace on namespace.oid = con.connamespace
  where con.condeferrable`

/** Whether this transaction has written rows of the catalog. */
const catalogChangesSql = `
  select 1
  from pg_catalog.pg_stat_xact_user_tables
  where schemaname = ${literal(catalogSchema)} and n_tup_ins + n_tup_upd + n_tup_del > 0
  limit 1`

function openAtBeginning(): TenancyError<'TEST_LEAK'> {
  const leak = 'A transaction of the app is open where a test begins.'
  return new TenancyError('TEST_LEAK', `${leak} End it first.`, { details: { leaks: [leak] } })
}

function deferredOf(rows: readonly (readonly string[])[]): string {
  return rows.flatMap(([name, isDeferred]) => (isDeferred === 't' ? [name!] : [])).join(', ')
}

function mark(depth: number): string {
  return `partywall_test_${depth}`
}

function startup(bytes: Buffer): Map<string, string> {
  const settings = new Map<string, string>()
  for (let at = 8; at < bytes.length && bytes[at] !== 0;) {
    const name = readText(bytes, at)
    const value = readText(bytes, name.end)
    settings.set(name.value, value.value)
    at = value.end
  }
  return settings
}

const notSettings = new Set(['user', 'database', 'replication', 'options', 'client_encoding', 'application_name'])

/** What a client sets for its session when it connects. */
function settingsOf(settings: ReadonlyMap<string, string>): string[] {
  const options = [...(settings.get('options') ?? '').matchAll(/(?:-c\s*|--)([\w.]+)=((?:\\.|\S)+)/g)].map(
    ([, name, value]) => [name!, value!.replaceAll(/\\(.)/g, '$1')] as const,
  )
  const given = [...settings].filter(([name]) => !notSettings.has(name) && !name.startsWith('_pq_.'))
  return [...options, ...given].map(([name, value]) => `set ${name.split('.').map(identifier).join('.')} to ${literal(value)}`)
}
