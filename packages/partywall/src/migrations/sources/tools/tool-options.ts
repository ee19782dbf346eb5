/** What every source of another tool's migrations can be told, and what that means for the SQL in them. */
import { assertKnownKeys } from '../../../known-keys.ts'
import { TenancyError } from '../../../errors.ts'
import type { SourcePlace } from '../../../ports/migration-source.ts'
import type { ReviewOptions } from '../../review/review.ts'

export interface ToolOptions {
  /**
   * What becomes of CREATE EXTENSION in migrations of tenants, where it has no place: the migration is refused, or, when the shared
   * migrations make the extension, the statement is left out. @default 'refuse'
   */
  readonly extensions?: 'refuse' | 'shared' | undefined
}

/** A source's place and options together: all that must be known of it to read its SQL. */
export interface ToolPlace extends SourcePlace, ToolOptions {}

/** @throws TenancyError INVALID_OPTION */
export function assertToolOptions(where: string, folder: unknown, options: ToolOptions, further: readonly string[] = []): void {
  if (typeof folder !== 'string' || folder === '') {
    throw new TenancyError('INVALID_OPTION', `${where} wants the folder of the migrations, as text.`, {
      details: { option: 'folder' },
    })
  }
  assertKnownKeys(where, options, ['extensions', ...further], 'INVALID_OPTION')
  const { extensions } = options
  if (extensions === undefined || extensions === 'refuse' || extensions === 'shared') return
  throw new TenancyError('INVALID_OPTION', `The option "extensions" of ${where} must be 'refuse' or 'shared'.`, {
    details: { option: 'extensions' },
  })
}

/** True where `public` is the very schema that the migrations are for: nothing has to be changed. */
export function isForPublic({ isShared, sharedSchema }: SourcePlace): boolean {
  return isShared && sharedSchema === 'public'
}

/** How SQL is reviewed at this place. */
export function reviewAt(place: ToolPlace): Omit<ReviewOptions, 'owned' | 'refuse'> {
  return {
    isShared: place.isShared,
    knowsPublic: [place.sharedSchema, ...place.extraSearchPath].includes('public'),
    leavesOutExtensions: place.extensions === 'shared',
  }
}
