/**
 * What `@defer` and `@stream` send later has its errors inside of the parts `incremental` and `completed`. Yoga masks only the errors beside the data, so the message of an error of the
 * database would reach the client from there.
 */
import { shownError, type Mask } from './shown.ts'

interface Part {
  readonly errors?: readonly unknown[] | undefined
}

interface Later {
  readonly incremental?: readonly Part[] | undefined
  readonly completed?: readonly Part[] | undefined
}

/** The same result, in which the errors of parts are masked; undefined where there are none. */
export function withLaterErrorsMasked<R extends object>(result: R, mask: Mask): R | undefined {
  const { incremental, completed } = result as Later
  const parts = [...(incremental ?? []), ...(completed ?? [])]
  if (parts.every(({ errors }) => errors === undefined)) return undefined
  const masked = (part: Part): Part =>
    part.errors === undefined ? part : { ...part, errors: part.errors.map((error) => shownError(mask(error))) }
  return {
    ...result,
    ...(incremental && { incremental: incremental.map(masked) }),
    ...(completed && { completed: completed.map(masked) }),
  }
}
