/** An answer over HTTP as a problem document (RFC 9457). Framework-free: an adapter copies the three parts to its response. */
import { STATUS_CODES } from 'node:http'

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Problem {
  readonly status: number
  /** For programs: a code of partywall's error table, or one of the few that only HTTP knows. */
  readonly code: string
  /** One sentence for people, always the same for one code: a value of the request must not come back in it. */
  readonly detail?: string | undefined
  readonly retryAfterSeconds?: number | undefined
}

export function problem({ status, code, detail, retryAfterSeconds }: Problem): HttpAnswer {
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      // A refusal is true now. Kept by a cache, "no such tenant" would outlive the tenant's creation.
      'cache-control': 'no-store',
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    },
    body: JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail, code }),
  }
}
