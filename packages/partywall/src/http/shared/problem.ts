/** An answer over HTTP as a problem document (RFC 9457). An adapter copies its three parts to the response of the framework. */
import { STATUS_CODES } from 'node:http'
import type { TenancyErrorCode } from '../../errors.ts'

/** Also fits the web: `new Response(answer.body, answer)`. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The codes of problem documents that are not codes of a TenancyError. */
export const problemCodes = {
  TENANT_REQUIRED: { meaning: 'The request names no tenant, and this address needs one.', http: 404 },
  TENANT_NOT_NAMED: { meaning: 'The request does not name a tenant that is served here.', http: 400 },
  SHARED_REQUIRED: { meaning: 'The request names a tenant, and this address belongs to the shared side.', http: 404 },
  SIGN_IN_REQUIRED: { meaning: 'This address is for members, and no one is signed in.', http: 401 },
  FOREIGN_ORIGIN: { meaning: 'Pages of this origin may not connect here.', http: 403 },
  CREDENTIALS_REFUSED: { meaning: 'The key of this request is not accepted.', http: 401 },
  SWITCH_REFUSED: { meaning: 'You cannot work in this tenant.', http: 403 },
  AMBIGUOUS_TENANT: { meaning: 'Two parts of the request contradict each other about the tenant.', http: 400 },
  UNAVAILABLE: { meaning: 'The request cannot be served at the moment; the log of the server has the reason.', http: 503 },
  INTERNAL_ERROR: { meaning: 'The request failed; the log of the server has the reason.', http: 500 },
} as const satisfies Record<string, { meaning: string; http: number }>

export type ProblemCode = keyof typeof problemCodes

/**
 * The answer with one of the codes that only HTTP knows.
 * @example send(res, errorAnswer(error) ?? problemAnswer('INTERNAL_ERROR'))
 */
export function problemAnswer(code: ProblemCode): HttpAnswer {
  const { http: status, meaning } = problemCodes[code]
  return problem({ status, code, detail: status < 500 ? meaning : undefined })
}

export interface Problem {
  readonly status: number
  /** For programs. */
  readonly code: TenancyErrorCode | ProblemCode
  /** One sentence for people, always the same for one code: a value of the request must not come back in it. */
  readonly detail?: string | undefined
  readonly retryAfterMs?: number | undefined
}

export function problem({ status, code, detail, retryAfterMs }: Problem): HttpAnswer {
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      // A refusal is true now. Kept by a cache, "no such tenant" would outlive the tenant's creation.
      'cache-control': 'no-store',
      ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
    },
    body: JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail, code }),
  }
}
