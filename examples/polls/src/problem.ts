/** Answers errors as problem documents (RFC 9457). The client is told about its own mistakes; errors of the server are only logged. */
import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { z } from 'zod'

export class Problem extends Error {
  readonly status: number

  constructor(status: number, detail: string) {
    super(detail)
    this.status = status
  }
}

export const nothingHere: RequestHandler = () => {
  throw new Problem(404, 'There is nothing at this address.')
}

export const problems: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error)
  const { status, detail } = explain(error)
  if (status >= 500) console.error(error)
  res.status(status).type('application/problem+json')
  res.send(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail }))
}

function explain(error: unknown): { status: number; detail?: string } {
  if (error instanceof Problem) return { status: error.status, detail: error.message }
  if (error instanceof z.ZodError) return { status: 400, detail: error.issues.map(explainIssue).join('; ') }
  // Express and its body parser: malformed JSON, a body that is too large, a path that cannot be decoded.
  const { status } = error as { status?: unknown }
  if (typeof status === 'number' && status >= 400 && status < 500) return { status, detail: 'The request cannot be read.' }
  return { status: 500 }
}

function explainIssue({ path, message }: z.core.$ZodIssue): string {
  return `${path.join('.') || 'the body'}: ${message}`
}
