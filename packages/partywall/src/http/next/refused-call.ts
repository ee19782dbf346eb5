/** A call that was refused. */
import type { HttpAnswer } from '../shared/problem.ts'

/**
 * Thrown by the guards, and by `withTenant` for what Next.js has no page for: maintenance, and 401 and 403 without `experimental.authInterrupts`. Next.js hides the message of
 * an error from clients and shows its `digest`, which is the code: `error.tsx` can tell a tenant in maintenance by it.
 */
export class RefusedCall extends Error {
  override readonly name = 'RefusedCall'
  /** Such as TENANT_MAINTENANCE. */
  readonly digest: string
  /** The status of the refusal, whatever that of a page of the application is. */
  readonly status: number
  /** What a route handler answers. */
  readonly answer: HttpAnswer

  /** @param page of the application, from the option `answers` */
  constructor(problem: HttpAnswer, page: HttpAnswer = problem) {
    const { code, detail } = JSON.parse(problem.body) as { code: string; detail?: string }
    super(`The call was refused: ${detail ?? code}`)
    this.digest = code
    this.status = problem.status
    this.answer = page
  }
}
