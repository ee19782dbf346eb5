/** A migration file, or a folder of them, that cannot be taken as it is: which one, what is wrong, and what to do. */
import { TenancyError } from '../../../errors.ts'

export function invalidMigration(path: string, what: string, cause?: unknown): TenancyError {
  return new TenancyError('INVALID_MIGRATION', `${path} ${what}`, {
    details: { file: path },
    ...(cause === undefined ? {} : { cause }),
  })
}
