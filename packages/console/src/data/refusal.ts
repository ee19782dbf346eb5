/** What the room of data refuses, with the body that the client reads. */
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { RowAnswer, RowProblem } from './api.ts'

export type RefusalCode =
  | 'BAD_ADDRESS'
  | 'BAD_CURSOR'
  | 'BAD_FILTER'
  | 'NO_RIGHT'
  | 'READ_ONLY'
  | 'ROW_CHANGED'
  | 'ROW_REFUSED'
  | 'TABLE_LOCKED'
  | 'TOO_LARGE'
  | 'TOO_SLOW'
  | 'UNKNOWN_COLUMN'
  | 'UNKNOWN_ROW'
  | 'UNKNOWN_TABLE'

const kinds: Record<RefusalCode, { readonly status: ContentfulStatusCode; readonly title: string }> = {
  BAD_ADDRESS: { status: 404, title: 'There is nothing at this address' },
  BAD_CURSOR: { status: 400, title: 'This is no page of the list' },
  BAD_FILTER: { status: 422, title: 'A filter cannot be used' },
  NO_RIGHT: { status: 403, title: 'PostgreSQL refused it' },
  READ_ONLY: { status: 403, title: 'Nothing can be written here' },
  ROW_CHANGED: { status: 409, title: 'The row was changed meanwhile' },
  ROW_REFUSED: { status: 422, title: 'PostgreSQL refused the row' },
  TABLE_LOCKED: { status: 503, title: 'The table is locked' },
  TOO_LARGE: { status: 413, title: 'This is too large for the console' },
  TOO_SLOW: { status: 504, title: 'This took too long' },
  UNKNOWN_COLUMN: { status: 404, title: 'There is no such column' },
  UNKNOWN_ROW: { status: 404, title: 'There is no such row' },
  UNKNOWN_TABLE: { status: 404, title: 'There is no such table' },
}

export class Refusal extends Error {
  readonly code: RefusalCode
  readonly status: ContentfulStatusCode
  readonly problem: RowProblem

  /** @param detail sentences for people; no values of rows but those that the request itself has */
  constructor(code: RefusalCode, detail: string, more: Pick<RowProblem, 'fields' | 'current'> = {}) {
    super(detail)
    const { status, title } = kinds[code]
    this.code = code
    this.status = status
    this.problem = { code, title, detail, status, ...more }
  }

  response(): Response {
    return new Response(JSON.stringify(this.problem), {
      status: this.status,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    })
  }
}

/** A row as it is now, for a change that was made to an older one. */
export function rowChanged(current: RowAnswer): Refusal {
  return new Refusal('ROW_CHANGED', 'Another change of this row came first, so yours was not made. Compare, and decide again.', {
    current,
  })
}
