/**
 * What every adapter answers when a request gets no tenant, or fails with a TenancyError. One answer for each outcome, byte for byte,
 * whatever was asked for: it holds no host, no name and no reason, so that a stranger learns nothing by comparing answers.
 */
import { errorCodes, tenancyErrorOf, type TenancyErrorCode } from '../../errors.ts'
import type { Resolution } from '../../ports/resolver.ts'
import type { Attributes } from '../../types.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import { problem, problemAnswer, type HttpAnswer } from './problem.ts'

/** A request that gets no tenant. */
export type Refused<A extends object = Attributes> = Exclude<Resolution<A>, { outcome: 'resolved' }>

export interface RefusalOptions {
  /**
   * Milliseconds that a client is asked to wait while a tenant is in maintenance. 0 or more; the header says it in whole seconds,
   * rounded up. @default 60_000
   */
  retryAfterMs?: number
}

/**
 * The answer to a request whose resolution is not `resolved`.
 * @example if (resolution.outcome !== 'resolved') return send(res, refusal(resolution))
 */
export function refusal({ outcome }: Pick<Refused<object>, 'outcome'>, options: RefusalOptions = {}): HttpAnswer {
  switch (outcome) {
    case 'none':
      return problemAnswer('TENANT_REQUIRED')
    case 'unknown':
    // A caller that is no member must not learn that the tenant exists.
    case 'forbidden':
      return answerTo('UNKNOWN_TENANT')
    case 'invalid':
      return answerTo('INVALID_TENANT_REF')
    case 'unauthorized':
      return problemAnswer('CREDENTIALS_REFUSED')
    case 'ambiguous':
      return problemAnswer('AMBIGUOUS_TENANT')
    case 'suspended':
      return answerTo('TENANT_SUSPENDED')
    case 'maintenance':
      return answerTo('TENANT_MAINTENANCE', options)
  }
}

/**
 * The answer to a TenancyError, also to one inside an error of a library, by its code alone: its message and details are for the log.
 * Undefined for every other error, and for a code that this version does not know. An answer of 500 or more hides the error from the
 * client, so write the error to the log.
 */
export function errorAnswer(error: unknown, options: RefusalOptions = {}): HttpAnswer | undefined {
  const code = tenancyErrorOf(error)?.code
  return code !== undefined && Object.hasOwn(errorCodes, code) ? answerTo(code, options) : undefined
}

/**
 * The answer to any error: that of `errorAnswer`, or 500 without a word about the error. For the last error handler of a framework that would send
 * the message of the error.
 */
export function anyErrorAnswer(error: unknown, options: RefusalOptions = {}): HttpAnswer {
  return errorAnswer(error, options) ?? problemAnswer('INTERNAL_ERROR')
}

/** @throws TenancyError INVALID_OPTION */
export function checkedRetryAfter(what: string, { retryAfterMs = defaultRetryAfterMs }: RefusalOptions): number {
  assertWholeNumber('INVALID_OPTION', `"retryAfterMs" of ${what}`, 'retryAfterMs', retryAfterMs, { least: 0 })
  return retryAfterMs
}

function answerTo(code: TenancyErrorCode, options: RefusalOptions = {}): HttpAnswer {
  const { http: status, meaning } = errorCodes[code]
  if (code === 'TENANT_MAINTENANCE') {
    return problem({ status, code, detail: details[code], retryAfterMs: checkedRetryAfter('the answer', options) })
  }
  if (status < 500) return problem({ status, code, detail: details[code] ?? meaning })
  // Which error it was is of no use to a client; the status is.
  return problemAnswer(status === 503 ? 'UNAVAILABLE' : 'INTERNAL_ERROR')
}

const defaultRetryAfterMs = 60_000

/** Where the meaning in the table of errors speaks to the application, the sentence for its clients. */
const details: { readonly [Code in TenancyErrorCode]?: string } = {
  UNKNOWN_TENANT: 'There is nothing at this address.',
  INVALID_TENANT_REF: 'The request names its tenant in a form that is not accepted.',
  TENANT_SUSPENDED: 'This tenant is not served at the moment.',
  TENANT_MAINTENANCE: 'This tenant is in maintenance. Try again later.',
}
