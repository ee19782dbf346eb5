/** The error of a store that does not answer, refuses, or has no room. Its own error is the cause: it may name hosts and keys. */
import { TenancyError } from './errors.ts'

export function storeFailed(store: string, what: string, error: unknown, advice = ''): TenancyError {
  if (error instanceof TenancyError) return error
  const {
    code: raw,
    name,
    $metadata,
  } = (error ?? {}) as { code?: unknown; name?: string; $metadata?: { httpStatusCode?: number } }
  const code = typeof raw === 'string' ? raw : (name ?? typeof error)
  const status = $metadata?.httpStatusCode === undefined ? '' : `, status ${$metadata.httpStatusCode}`
  return new TenancyError(
    'FILE_STORE_FAILED',
    `The store of files (${store}) could not ${what} (${code}${status}). Its error is the cause. ${advice || 'Nothing is half done: try it again when the store answers.'}`,
    { details: { store, code }, cause: error },
  )
}
