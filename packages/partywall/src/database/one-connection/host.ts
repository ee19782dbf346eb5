/** What a guest needs of the one connection that it shares with others. */
import type { IsolationLevel } from './texts.ts'
import type { Exchange } from './upstream.ts'
import type { Refusal } from './wire.ts'

/** What the connection sees of a guest. */
export interface Entering {
  readonly id: number
  /** It has done something in the transaction of a test. */
  readonly hasWorked: boolean
  /** Nothing of it runs. */
  readonly isIdle: boolean
  readonly inTransaction: boolean
  /** Since when it holds its transaction and sends nothing. */
  readonly idleSince: number
  /** SQL that comes before each stay. */
  readonly prelude: string
  pump(): void
  refuse(refusal: Refusal): void
  end(refusal: Refusal): void
}

export interface Host {
  readonly parameters: ReadonlyMap<string, string>
  readonly level: IsolationLevel
  /** Names of constraints that wait for the commit, for SET CONSTRAINTS; undefined: none can. */
  readonly deferred: string | undefined
  /** Whether it is the guest's turn, and in what; if not, it is called when it is. */
  mayEnter(guest: Entering, sql: string | undefined): 'the test' | 'no transaction' | undefined
  ask(exchange: Exchange): void
  write(...bytes: readonly Buffer[]): void
  /** Ends a stay: keeps what it did, or undoes it. @returns why it could not be kept */
  endStay(isUndone: boolean): Promise<Refusal | undefined>
  passOn(guest: Entering): void
  /** A statement was not run. @param texts of what was sent */
  refused(guest: Entering, texts: readonly string[]): void
  /** @param statements that it has prepared */
  left(guest: Entering, statements: readonly string[]): void
}
