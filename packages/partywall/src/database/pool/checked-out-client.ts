/**
 * What `pool.connect()` gives: a client for one checkout. A connection is lent again and again, so a caller that kept the connection itself
 * could reach its next holder: by a statement, a listener, a type parser, a second release. This object has its own of each, and refuses
 * every use after the release.
 *
 * It is an instance of pg.Client, because libraries look for that, but pg.Client did not construct it: it has no connection of its own.
 */
import type { EventEmitter } from 'node:events'
import pg, { type CustomTypesConfig, type PoolClient } from 'pg'
import { refuse } from '../binding/answers.ts'
import { queryQueueOf, type TransactionStatusLike } from '../binding/pg-internals.ts'
import { usedAfterRelease } from './client-refusals.ts'
import type { Loan, Release } from './loan.ts'
import { printAs } from './secrets.ts'
import type { TenantClient } from './tenant-client.ts'

/** A class with the prototype of pg.Client and an empty constructor. */
const Unconstructed = function (): void {} as unknown as new () => EventEmitter
Unconstructed.prototype = pg.Client.prototype

/** Properties of the connection that can be read during the checkout; null after it. */
const shown = [
  'host',
  'port',
  'database',
  'user',
  'password',
  'ssl',
  'binary',
  'pipeline',
  'processID',
  'secretKey',
  'readyForQuery',
  'connectionParameters',
  'activeQuery',
  '_activeQuery',
  '_connected',
  '_ending',
  '_queryable',
] as const

/** The queue of the connection, as a list that cannot be changed: what is put into the queue itself is sent without a binding. */
const queues = ['queryQueue', '_queryQueue'] as const

/** A client for one checkout, as callers see it. */
export function checkedOut(loan: Loan): PoolClient {
  return new CheckedOutClient(loan) as unknown as PoolClient
}

/** Whether the server session is the connection's own, and not one that a pooler lends. */
export function isDirect(client: PoolClient): boolean {
  return loanOf(client as unknown as CheckedOutClient).client.bindingWriter.isDirect
}

let loanOf: (client: CheckedOutClient) => Loan

// The name must not contain "Pool": drizzle-orm would take it for a pool.
class CheckedOutClient extends Unconstructed {
  readonly #loan: Loan
  #types: pg.TypeOverrides | undefined
  /** A property of its own, because callers pass it on as a function. */
  declare readonly release: Release

  static {
    loanOf = (client) => client.#loan
  }

  constructor(loan: Loan) {
    super()
    this.#loan = loan
    loan.client.heldBy(this)
    const value: Release = (error) => loan.release(error)
    Object.defineProperty(this, 'release', { value, enumerable: false, writable: true, configurable: true })
    printAs(this, 'CheckedOutClient', () => (loan.isReleased ? { state: 'released' } : loan.client.description()))
  }

  query(config: any, values?: any, callback?: any): any {
    const call = { config, values, callback, types: this.#types }
    return this.#loan.isReleased ? refuse(call, usedAfterRelease()) : this.#loan.client.queryForHolder(call)
  }

  /** For this checkout only: those of the connection would read the rows of its next holder. */
  setTypeParser(...args: any[]): void {
    const types = (this.#types ??= new pg.TypeOverrides(this.#loan.client as unknown as CustomTypesConfig))
    Reflect.apply(types.setTypeParser, types, args)
  }

  getTypeParser(...args: any[]): any {
    const types = this.#types ?? this.#loan.client
    return Reflect.apply(types.getTypeParser, types, args)
  }

  get connection(): PoolClient['connection'] {
    return this.#loan.client.wireForHolder()
  }

  getTransactionStatus(): TransactionStatusLike {
    return this.#loan.isReleased ? null : this.#loan.client.getTransactionStatus()
  }

  connect(...args: any[]): any {
    return Reflect.apply(this.#loan.client.connect, this.#loan.client, args)
  }

  end(...args: any[]): any {
    return Reflect.apply(this.#loan.client.end, this.#loan.client, args)
  }

  ref(): void {
    ;(this.#loan.client as unknown as { ref(): void }).ref()
  }

  unref(): void {
    ;(this.#loan.client as unknown as { unref(): void }).unref()
  }

  /** An event of the connection, for the listeners of this checkout. */
  hear(event: string | symbol, args: readonly unknown[]): void {
    // Without a listener, an event "error" would end the process.
    if (this.listenerCount(event) > 0) this.emit(event, ...args)
  }
}

for (const name of shown) show(name, (client) => (client as unknown as Record<string, unknown>)[name])
for (const name of queues) show(name, (client) => Object.freeze([...(queryQueueOf(client) ?? [])]))

function show(name: string, read: (client: TenantClient) => unknown): void {
  Object.defineProperty(CheckedOutClient.prototype, name, {
    get(this: CheckedOutClient) {
      const loan = loanOf(this)
      return loan.isReleased ? null : read(loan.client)
    },
    configurable: true,
  })
}
