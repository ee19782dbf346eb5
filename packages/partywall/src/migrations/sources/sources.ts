/** The sources of migrations in the configuration: one for the shared schema, and one for each kind of tenant. */
import type { Options } from '../../config/options.ts'
import { folderSource } from './folder/folder.ts'
import type { MigrationSource } from '../../ports/migration-source.ts'
import { unknownKind } from './unknown-kind.ts'

export interface MigrationSources {
  readonly shared: MigrationSource
  /** By kind; there is always the kind `default`. */
  readonly kinds: ReadonlyMap<string, MigrationSource>
}

/** The options that name the sources, and their place. */
export type SourceOptions = Pick<Options, 'migrations' | 'root' | 'sharedSchema' | 'extraSearchPath'>

/**
 * The sources that the options name. No I/O.
 * @throws TenancyError INVALID_OPTION when a source cannot be used at its place
 */
export function migrationSources(options: SourceOptions): MigrationSources {
  const { shared, tenant } = options.migrations
  return {
    shared: placed(shared, options, true),
    kinds: new Map(Object.entries(tenant).map(([kind, source]) => [kind, placed(source, options, false)])),
  }
}

/** The source of another tool must know its place. */
function placed(source: string | MigrationSource | false, options: SourceOptions, isShared: boolean): MigrationSource {
  if (source === false) return { name: 'none', list: () => Promise.resolve([]) }
  if (typeof source === 'string') return folderSource(source, options.root)
  const { root, sharedSchema, extraSearchPath } = options
  return source.at?.({ root, isShared, sharedSchema, extraSearchPath }) ?? source
}

/**
 * The source of a kind of tenants.
 * @throws TenancyError UNKNOWN_KIND
 */
export function sourceOfKind(sources: MigrationSources, kind: unknown): MigrationSource {
  const source = typeof kind === 'string' ? sources.kinds.get(kind) : undefined
  if (source !== undefined) return source
  throw unknownKind(kind, [...sources.kinds.keys()])
}
