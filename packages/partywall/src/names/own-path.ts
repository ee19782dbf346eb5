/** Paths of the application itself: which of them two programs may read differently, and which are safe in a link. */
import { TenancyError } from '../errors.ts'

/** Two programs may read such a path as two paths: one resolves `..` or reads a backslash as a slash, and the other does not. */
export function isAmbiguousPath(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  return /\\|%5c|[\0-\x1f\x7f]|(?:\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)/i.test(path)
}

/**
 * Refuses what a browser would take to another site (`//host`, `/\host`, a tab between two slashes) or out of the tenant (`/../globex`).
 * @param path with its query and fragment
 * @throws TenancyError INVALID_ARGUMENT
 */
export function assertOwnPath(what: string, path: string): void {
  // oxlint-disable-next-line no-control-regex -- browsers remove tabs and line ends from a URL
  const isPath = typeof path === 'string' && path.startsWith('/') && !path.startsWith('//') && !/[\0-\x1f\x7f]/.test(path)
  if (isPath && !isAmbiguousPath(path.split(/[?#]/, 1)[0]!)) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `${what} takes a path of your application, which begins with one slash and has no dot segments, backslashes or control characters.`,
    { details: { option: 'path' } },
  )
}
