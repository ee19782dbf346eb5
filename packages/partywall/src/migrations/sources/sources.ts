/** Which source the migrations of a schema come from: one for the shared schema, and one for each kind of tenant. */
import { TenancyError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { Options } from '../../config/options.ts'
import { folderSource } from './folder/folder.ts'
import type { MigrationSource } from '../../ports/migration-source.ts'

export interface MigrationSources {
  readonly shared: MigrationSource
  /** By kind; the kind `default` is always there. */
  readonly kinds: ReadonlyMap<string, MigrationSource>
}

/** What the options must say about sources. */
export type SourceOptions = Pick<Options, 'migrations' | 'kinds' | 'root' | 'sharedSchema' | 'extraSearchPath'>

/** The sources that the options name. No I/O. */
export function migrationSources(options: SourceOptions): MigrationSources {
  const tenants = [['default', options.migrations.tenant] as const, ...Object.entries(options.kinds)]
  return {
    shared: placed(options.migrations.shared, options, true),
    kinds: new Map(tenants.map(([kind, source]) => [kind, placed(source, options, false)])),
  }
}

/** A folder stands for itself; a source of another tool must know where it stands. */
function placed(source: string | MigrationSource, options: SourceOptions, isShared: boolean): MigrationSource {
  if (typeof source === 'string') return folderSource(source)
  const { root, sharedSchema, extraSearchPath } = options
  return source.at?.({ root, isShared, sharedSchema, extraSearchPath }) ?? source
}

/**
 * The source of a kind of tenants.
 * @throws TenancyError INVALID_OPTION
 */
export function sourceOfKind(sources: MigrationSources, kind: unknown): MigrationSource {
  const source = typeof kind === 'string' ? sources.kinds.get(kind) : undefined
  if (source !== undefined) return source
  const kinds = [...sources.kinds.keys()]
  const shown = typeof kind === 'string' ? JSON.stringify(kind.slice(0, 60)) : typeof kind
  const suggestion = typeof kind === 'string' ? nearest(kind.slice(0, 60), kinds) : undefined
  throw new TenancyError(
    'INVALID_OPTION',
    `There is no kind of tenants ${shown}. ` +
      (suggestion === undefined ? `The kinds are ${kinds.join(', ')}; ` : `Did you mean ${JSON.stringify(suggestion)}? `) +
      'The option "kinds" adds others.',
    { details: { option: 'kind', nearest: suggestion } },
  )
}
