/** An answer as what handlers and the proxy of Next.js return. */
import type { HttpAnswer } from '../shared/problem.ts'

export function responseOf({ status, headers, body }: HttpAnswer): Response {
  return new Response(body, { status, headers })
}
