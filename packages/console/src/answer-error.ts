/** The answer to an error of a room: its code, and for people what was refused and what to do. What it knows beside that stays in the process. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { tenancyErrorOf } from 'partywall'
import { errorAnswer } from 'partywall/http'
import { ZodError } from 'zod'
import { problem } from './problem.ts'

export function answerError(error: unknown, c: Context): Response {
  if (error instanceof ZodError) {
    const fields = error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
    return problem(c, 422, {
      code: 'INVALID_REQUEST',
      title: 'The request is not as it should be',
      detail: sentence(fields),
      fields,
    })
  }
  // A body that is no JSON.
  if (error instanceof SyntaxError)
    return problem(c, 400, {
      code: 'INVALID_REQUEST',
      title: 'The request is not as it should be',
      detail: 'The body is not JSON.',
    })
  if (error instanceof HTTPException)
    return problem(c, error.status as ContentfulStatusCode, {
      code: 'REFUSED',
      title: 'The request was refused',
      detail: error.message,
    })
  const known = tenancyErrorOf(error)
  const answer = errorAnswer(error)
  if (known !== undefined && answer !== undefined)
    return problem(c, answer.status as ContentfulStatusCode, {
      code: known.code,
      title: 'partywall refused it',
      detail: known.summary,
    })
  process.emitWarning(error instanceof Error ? error : String(error), { code: 'PARTYWALL_CONSOLE_ERROR' })
  return problem(c, 500, {
    code: 'INTERNAL_ERROR',
    title: 'The console failed',
    detail: 'The log of the process has the reason.',
  })
}

function sentence(fields: readonly { path: string; message: string }[]): string {
  return fields.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
}
