/** An error of the embedded server contains the end of its log: the reason is nearly always there, and the file is not well known. */
import { TenancyError } from '../errors.ts'
import { logTail } from './log.ts'
import type { EmbeddedPaths } from './paths.ts'

export async function embeddedFailure(what: string, paths: EmbeddedPaths, cause?: unknown): Promise<TenancyError> {
  const tail = await logTail(paths.log)
  return new TenancyError(
    'EMBEDDED_FAILED',
    `The embedded PostgreSQL in ${paths.home} could not be started: ${what}.\n` +
      (tail === '' ? 'Its log is empty.\n' : `The end of its log (${paths.log}):\n${tail}\n`) +
      'To use a server of your own instead, set `database` (DATABASE_URL).',
    { details: { directory: paths.home, log: paths.log }, ...(cause === undefined ? {} : { cause }) },
  )
}
