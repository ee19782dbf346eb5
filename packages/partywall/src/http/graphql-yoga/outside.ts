/**
 * What fails outside of an operation, such as a hook of a plugin for requests and responses. Yoga masks none of it, and answers with the stack of the error and its message, in
 * production, too.
 */
import { shownError, type Mask } from './shown.ts'

/** Runs the handling of a request; what it rejects with is masked. An end by the client stays what it is. */
export async function maskedOutside(handle: () => unknown, mask: Mask | undefined): Promise<void> {
  try {
    await handle()
  } catch (error) {
    throw mask === undefined || isAbort(error) ? error : asAnswer(mask(error), error)
  }
}

/** Yoga sends the stack, with the status; other frameworks log the error, with its cause. */
function asAnswer(masked: Error, cause: unknown): Error {
  const { http } = ((masked as { extensions?: unknown }).extensions ?? {}) as { http?: { status?: number } }
  return Object.assign(new Error('GraphQL Yoga has failed outside of an operation.', { cause }), {
    stack: JSON.stringify({ errors: [shownError(masked)] }),
    status: http?.status ?? 500,
  })
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
}
