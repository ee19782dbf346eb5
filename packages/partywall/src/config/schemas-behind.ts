/** What follows the schema of a tenant in its search path. */
import type { Options } from './options.ts'

export type PathOptions = Pick<Options, 'sharedSchema' | 'includeShared' | 'extraSearchPath'>

export function schemasBehind({ sharedSchema, includeShared, extraSearchPath }: PathOptions): readonly string[] {
  return includeShared ? [sharedSchema, ...extraSearchPath] : extraSearchPath
}
