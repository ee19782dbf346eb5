/**
 * What every adapter answers when a request gets no tenant. One answer per outcome, byte for byte, whatever was asked for: it
 * holds no host, no name, no reason, so that a stranger learns nothing by comparing answers.
 */
import { errorCodes, type TenancyErrorCode } from '../../errors.ts'
import type { Resolution } from '../../ports/resolver.ts'
import { problem, type HttpAnswer } from './problem.ts'

/** A request that gets no tenant. */
export type Refused<A extends object> = Exclude<Resolution<A>, { outcome: 'resolved' }>

export interface RefusalOptions {
  /** Seconds that a client is asked to wait while a tenant is in maintenance. 0 or more. @default 60 */
  retryAfterSeconds?: number
}

/** The answer to a request whose resolution is not `resolved`. */
export function refusal(outcome: Refused<object>['outcome'], options: RefusalOptions = {}): HttpAnswer {
  switch (outcome) {
    case 'none':
      return tenantRequired()
    case 'unknown':
    // Who is no member must not learn that the tenant exists.
    case 'forbidden':
      return errorAnswer('UNKNOWN_TENANT')
    case 'invalid':
      return errorAnswer('INVALID_TENANT_REF')
    case 'ambiguous':
      return errorAnswer('AMBIGUOUS_TENANT')
    case 'suspended':
      return errorAnswer('TENANT_SUSPENDED')
    case 'maintenance':
      return errorAnswer('TENANT_MAINTENANCE', options)
  }
}

/** A tenant's route was asked for on the shared side. */
export function tenantRequired(): HttpAnswer {
  return problem({ status: 404, code: 'TENANT_REQUIRED', detail: 'The request names no tenant, and this address needs one.' })
}

/** A route of the shared side was asked for in a tenant's name. */
export function sharedRequired(): HttpAnswer {
  return problem({
    status: 404,
    code: 'SHARED_REQUIRED',
    detail: 'The request names a tenant, and this address is not a tenant’s.',
  })
}

/** The answer to a TenancyError, by its code alone: its message and details are for the log. */
export function errorAnswer(code: TenancyErrorCode, { retryAfterSeconds = 60 }: RefusalOptions = {}): HttpAnswer {
  const status = errorCodes[code].http
  if (code === 'TENANT_MAINTENANCE') return problem({ status, code, detail: details[code], retryAfterSeconds })
  if (status < 500) return problem({ status, code, detail: details[code] ?? errorCodes[code].meaning })
  // Which of our walls held is nobody's business outside: what a client can act on is the status.
  return problem({ status, code: status === 503 ? 'UNAVAILABLE' : 'INTERNAL_ERROR' })
}

/** Where the meaning in the table of errors speaks to the application, the sentence for its clients. */
const details: { readonly [Code in TenancyErrorCode]?: string } = {
  UNKNOWN_TENANT: 'There is nothing at this address.',
  INVALID_TENANT_REF: 'The request names its tenant in a form that is not accepted.',
  AMBIGUOUS_TENANT: 'Two parts of the request contradict each other about the tenant.',
  TENANT_SUSPENDED: 'This tenant is not served at the moment.',
  TENANT_MAINTENANCE: 'This tenant is in maintenance. Try again later.',
}
