/** Errors of promises that must fail. */

/** The error of a promise that must fail. */
export async function refused(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('The promise was expected to fail, and did not.')
}

/** The code of an error of PostgreSQL or partywall, which libraries wrap in one of their own. */
export function codeOf(error: unknown): unknown {
  for (let inner: any = error, depth = 0; inner instanceof Error && depth < 8; depth++) {
    const { code, cause, original, parent, driverError, nativeError } = inner as any
    if (typeof code === 'string' && /^([0-9A-Z]{5}|[A-Z]+_[A-Z_]+)$/.test(code)) return code
    inner = cause ?? original ?? parent ?? driverError ?? nativeError
  }
  return error
}
