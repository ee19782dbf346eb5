/**
 * The tenant of a socket that stays open. A request is over when its tenant is suspended, a socket is not: so each message enters the tenant again, as it is by
 * then, and one that may not be entered ends the socket. Messages keep their order.
 */
import type { IncomingMessage } from 'node:http'
import { TenancyError } from '../../errors.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import type { MemberRequirement } from '../../types.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import type { Admission } from './admission.ts'
import { guardRequest } from './member-guard.ts'
import { problemAnswer, type HttpAnswer } from './problem.ts'
import { anyErrorAnswer } from './refusal.ts'

export interface SocketOptions {
  /**
   * Lets in members of the tenant only, or those with a role or a permission: what `requireMember` does for routes. It needs `user`, and is asked again for each
   * message. @default everyone whom `authorize` lets in
   */
  member?: true | MemberRequirement
  /** How often a socket that says nothing is looked at: one whose tenant may not be entered any more is closed. In milliseconds. @default 30_000 */
  recheckMs?: number
}

/** A longer timer of Node.js is one of 1 ms. */
const mostTimerMs = 2_147_483_647

/** For adapters, whose other options are beside these. */
export const socketKeys = ['member', 'recheckMs'] as const

/** @throws TenancyError INVALID_OPTION */
export function checkedSocketOptions(
  what: string,
  { member, recheckMs = 30_000, user }: SocketOptions & { readonly user?: unknown },
): { readonly member: SocketOptions['member']; readonly recheckMs: number } {
  assertWholeNumber('INVALID_OPTION', `"recheckMs" of ${what}`, 'recheckMs', recheckMs, { least: 1, most: mostTimerMs })
  if (member === undefined) return { member, recheckMs }
  if (member !== true) assertKnownKeys(`"member" of ${what}`, member, ['roles', 'can'], 'INVALID_OPTION')
  if (user !== undefined) return { member, recheckMs }
  throw new TenancyError('INVALID_OPTION', `"member" of ${what} needs "user": (req) => the id of the user who is signed in.`, {
    details: { what, option: 'user' },
  })
}

/** The answer to a request whose user is not the member that the option asks for; undefined when it is, or when nothing is asked. */
export async function memberAnswer(
  what: string,
  req: IncomingMessage,
  member: SocketOptions['member'],
): Promise<HttpAnswer | undefined> {
  if (member === undefined) return undefined
  return (await guardRequest(what, req, member === true ? {} : member)).answer
}

export interface SocketScopeParts {
  readonly bind: HttpTenancy['bind']
  readonly admission: Pick<Exclude<Admission<any>, { action: 'refuse' }>, 'again'>
  /** What `memberAnswer` gives, asked in the scope. */
  readonly guard: () => Promise<HttpAnswer | undefined>
  readonly recheckMs: number
  /** Ends the socket; called once. `error`: where it was refused by an error. */
  readonly end: (answer: HttpAnswer, error?: unknown) => void
}

/** More would wait only for a database that does not answer, and fill the memory. */
const mostWaiting = 1000

export class SocketScope {
  readonly #parts: SocketScopeParts
  #last: Promise<void> = Promise.resolve()
  #waiting = 0
  #hasEnded = false
  #timer: NodeJS.Timeout | undefined
  #inScope: <T>(work: () => T) => T

  /** Call it in the scope. */
  constructor(parts: SocketScopeParts) {
    this.#parts = parts
    this.#inScope = this.#currentScope()
  }

  /** Looks at the tenant every `recheckMs`, until `stop`. */
  watch(): void {
    this.#timer = setInterval(() => {
      if (this.#waiting === 0) this.#append(() => this.#enter(() => {}, isFailure))
    }, this.#parts.recheckMs)
    this.#timer.unref()
  }

  stop(): void {
    this.#hasEnded = true
    clearInterval(this.#timer)
  }

  /** Runs `work` behind what waits, in the scope of the tenant as it is then; or ends the socket. `work` does not throw. */
  take(work: () => void): void {
    if (this.#hasEnded) return
    if (this.#waiting >= mostWaiting) this.#end(problemAnswer('UNAVAILABLE'))
    else this.#append(() => this.#enter(work))
  }

  /** Runs `work` behind what waits, and always: as `here`. */
  after(work: () => void): void {
    if (this.#waiting === 0) this.here(work)
    else this.#append(() => this.here(work))
  }

  /** Runs `work` in the scope that was entered last. For what must be told even if there is no tenant any more: that the connection has ended. */
  here<T>(work: () => T): T {
    return this.#inScope(work)
  }

  #currentScope(): <T>(work: () => T) => T {
    const run = this.#parts.bind((work: () => unknown) => work())
    return <T>(work: () => T) => run(work) as T
  }

  #append(work: () => void | Promise<void>): void {
    this.#waiting++
    this.#last = this.#last.then(work).finally(() => void this.#waiting--)
  }

  /** @param isIgnored answers that do not end the socket */
  async #enter(work: () => void, isIgnored: (answer: HttpAnswer) => boolean = () => false): Promise<void> {
    if (this.#hasEnded) return
    try {
      await this.#parts.admission.again(async () => {
        const answer = await this.#parts.guard()
        if (answer !== undefined) return this.#end(answer)
        this.#inScope = this.#currentScope()
        if (!this.#hasEnded) work()
      })
    } catch (error) {
      const answer = anyErrorAnswer(error)
      if (!isIgnored(answer)) this.#end(answer, error)
    }
  }

  #end(answer: HttpAnswer, error?: unknown): void {
    if (this.#hasEnded) return
    this.stop()
    this.#parts.end(answer, error)
  }
}

/** Nothing is known of the tenant then. A database that does not answer for a while must not end all sockets: who says something is refused. */
function isFailure(answer: HttpAnswer): boolean {
  return ['UNAVAILABLE', 'INTERNAL_ERROR'].includes(codeOf(answer) ?? '')
}

/** The code of a problem document; undefined for a page of the application. */
export function codeOf({ body }: HttpAnswer): string | undefined {
  try {
    const { code } = JSON.parse(body) as { code?: unknown }
    return typeof code === 'string' ? code : undefined
  } catch {
    return undefined
  }
}
