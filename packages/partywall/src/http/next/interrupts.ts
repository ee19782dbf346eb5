/** Ends a component or an action in the way of Next.js: with `not-found.tsx`, `unauthorized.tsx` or `forbidden.tsx`. */
import type { RefusedCall } from './refused-call.ts'

/** @throws what Next.js makes its page of; the same error where it has none */
export async function interrupt(refused: RefusedCall): Promise<never> {
  const next = await import('next/navigation.js')
  switch (refused.status) {
    case 400:
    case 404:
      return next.notFound()
    case 401:
      throwInterrupt(next.unauthorized)
      break
    case 403:
      throwInterrupt(next.forbidden)
  }
  throw refused
}

/** Without `experimental.authInterrupts` both functions throw an error that speaks of the option, and not what Next.js makes a page of. */
function throwInterrupt(fail: () => never): void {
  try {
    fail()
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'digest' in error) throw error
  }
}
