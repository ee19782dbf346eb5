/** A refusal of a room, as problem+json. */
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

export interface Problem {
  readonly code: string
  /** For people: what is wrong, in a few words. */
  readonly title: string
  /** For people: what was seen, and what to do. */
  readonly detail: string
  readonly [more: string]: unknown
}

export function problem(c: Context<any>, status: ContentfulStatusCode, body: Problem): Response {
  return c.body(JSON.stringify({ status, ...body }), status, { 'content-type': 'application/problem+json' })
}
