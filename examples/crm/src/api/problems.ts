/** Errors as problem documents (RFC 9457). A client is told about its own mistakes; errors of the server are logged alone. */
import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler, Response } from 'express'
import { z } from 'zod'
import type { Problem } from './schemas/common.ts'

export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly errors: Record<string, string> | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(
    status: number,
    code: string,
    detail: string,
    more: { errors?: Record<string, string>; retryAfterSeconds?: number } = {},
  ) {
    super(detail)
    this.status = status
    this.code = code
    this.errors = more.errors
    this.retryAfterSeconds = more.retryAfterSeconds
  }
}

export function notFound(): ApiProblem {
  return new ApiProblem(404, 'NOT_FOUND', 'There is nothing at this address.')
}

export function invalidRequest({ issues }: z.core.$ZodError): ApiProblem {
  const errors = Object.fromEntries(issues.map(({ path, message }) => [path.join('.') || 'request', message]).toReversed())
  return new ApiProblem(400, 'INVALID_REQUEST', 'Some fields are not as they must be.', { errors })
}

function sendProblem(res: Response, { status, code, message, errors, retryAfterSeconds }: ApiProblem): void {
  const body = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? '',
    status,
    detail: message,
    code,
    ...(errors !== undefined && { errors }),
  }
  if (retryAfterSeconds !== undefined) res.set('retry-after', String(retryAfterSeconds))
  res
    .status(status)
    .type('application/problem+json')
    .set('cache-control', 'no-store')
    .send(JSON.stringify(body satisfies Problem))
}

/** Mounted last, behind `tenancyErrors()`, which answers what partywall refuses. */
export const problems: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error)
  sendProblem(res, problemOf(error))
}

function problemOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  if (error instanceof z.ZodError) return invalidRequest(error)
  const { status, code } = error as { status?: unknown; code?: unknown }
  // Express and its parser: JSON that is none, a body that is too large, a path that cannot be decoded.
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new ApiProblem(status, 'UNREADABLE_REQUEST', 'The request cannot be read.')
  // PostgreSQL: a reference to a record that this tenant does not have.
  if (code === '23503') return new ApiProblem(400, 'INVALID_REFERENCE', 'It refers to a record that does not exist.')
  // The stack, and not the object: an error of PostgreSQL has the values of the row in its details.
  console.error(error instanceof Error ? error.stack : error)
  return new ApiProblem(500, 'INTERNAL_ERROR', 'The request failed; the log of the server has the reason.')
}
