/** What the adapters on plain requests of node:http have in common: their options, and how a request becomes an admission. */
import type { IncomingMessage } from 'node:http'
import { assertKnownKeys } from '../../known-keys.ts'
import type { RequestFacts } from '../../ports/resolver.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import type { Attributes } from '../../types.ts'
import { admissionOf, createAdmission, type Admit } from './admission.ts'
import { admissionKeys, type AdmissionOptions } from './admission-options.ts'
import { nodeFacts } from './facts.ts'
import type { HttpAnswer } from './problem.ts'
import { anyErrorAnswer, checkedRetryAfter } from './refusal.ts'

export interface NodeEntranceOptions<A extends object = Attributes> extends AdmissionOptions<A, IncomingMessage> {
  /** The claims of a token that you have verified, for byClaim and resolvers of your own. @default none */
  claims?: (req: IncomingMessage) => Readonly<Record<string, unknown>> | undefined
  /** The host, where a proxy that you trust passes it in another header. @default the Host of the request */
  host?: (req: IncomingMessage) => string | undefined
  /** Receives each error that is answered with 500 or more. @default console.error */
  log?: (error: unknown, req: IncomingMessage) => void
}

export interface NodeEntrance<A extends object> {
  readonly admit: Admit<A, IncomingMessage>
  readonly factsOf: (req: IncomingMessage) => RequestFacts
  readonly log: (error: unknown, req: IncomingMessage) => void
  readonly retryAfterMs: number
  /** The answer to an error, which is logged where it is the fault of the server. */
  readonly failed: (error: unknown, req: IncomingMessage) => HttpAnswer
}

/**
 * @param ownKeys the options that the adapter has beside these, where it is for upgrades
 * @throws TenancyError INVALID_OPTION
 */
export function nodeEntrance<A extends object>(
  what: string,
  tenancy: HttpTenancy<A>,
  options: NodeEntranceOptions<A>,
  ownKeys?: readonly string[],
): NodeEntrance<A> {
  assertKnownKeys(what, options, [...admissionKeys, 'claims', 'host', 'log', ...(ownKeys ?? [])], 'INVALID_OPTION')
  const { claims, host, log = toConsole } = options
  const admissionOptions = Object.fromEntries(Object.entries(options).filter(([key]) => admissionKeys.includes(key as never)))
  const retryAfterMs = checkedRetryAfter(what, options)
  const create = ownKeys === undefined ? createAdmission : admissionOf
  return {
    admit: create<A, IncomingMessage>(tenancy, admissionOptions, what),
    factsOf: (req) => nodeFacts(req, { host: host?.(req), claims: claims?.(req) }),
    log,
    retryAfterMs,
    failed(error, req) {
      const answer = anyErrorAnswer(error, { retryAfterMs })
      if (answer.status >= 500) log(error, req)
      return answer
    },
  }
}

function toConsole(error: unknown): void {
  // oxlint-disable-next-line no-console -- a server without a framework has no other log
  console.error(error)
}
