/** A source that reads the folder of another tool: its options, and its place in the configuration. */
import { resolve } from 'node:path'
import { assertKnownKeys } from '../../../known-keys.ts'
import { TenancyError } from '../../../errors.ts'
import { seen } from '../../../seen.ts'
import type { ImportedHistory, Migration, MigrationSource, SourcePlace } from '../../../ports/migration-source.ts'
import type { ReviewOptions } from '../../review/review.ts'

/** The options that every source of another tool has. */
export interface ToolOptions {
  /**
   * What happens to CREATE EXTENSION in migrations of tenants, where an extension cannot be created: `refuse` refuses the migration; `shared`
   * leaves the statement out, because the shared migrations create the extension. @default 'refuse'
   */
  readonly extensions?: 'refuse' | 'shared' | undefined
}

/** The place and the options of a source: all that is needed to read its SQL. */
export interface ToolPlace extends SourcePlace, ToolOptions {}

export interface Tool<O extends ToolOptions> {
  /** The function that the application calls, for messages. */
  readonly called: string
  readonly folder: string
  readonly options: O
  /** Names of the options that other tools do not have. */
  readonly ownOptions?: readonly string[]
  /** The command with which the tool creates a file. */
  readonly makeNew: string
  /** The history that the tool has kept. */
  readonly imported: ImportedHistory | undefined
  /** Refuses options that cannot be used at the place. */
  check?(place: SourcePlace): void
  /** Reads the folder. @param folder with its whole path */
  list(folder: string, place: ToolPlace): Promise<readonly Migration[]>
}

/** @throws TenancyError INVALID_OPTION */
export function toolSource<O extends ToolOptions>(tool: Tool<O>): MigrationSource {
  const { called, folder, options, ownOptions, makeNew, imported } = tool
  assertToolOptions(called, folder, options, ownOptions)
  const sourceAt = (place: SourcePlace): MigrationSource => ({
    name: resolve(place.root, folder),
    list: () => tool.list(resolve(place.root, folder), { ...place, extensions: options.extensions }),
    at: (other) => {
      tool.check?.(other)
      return sourceAt(other)
    },
    imported,
    makeNew,
  })
  // Without a configuration, it is a source for the schema of a tenant.
  return sourceAt({ root: process.cwd(), isShared: false, sharedSchema: 'public', extraSearchPath: [] })
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

function assertToolOptions(called: string, folder: unknown, options: ToolOptions, ownOptions: readonly string[] = []): void {
  if (typeof folder !== 'string' || folder === '') {
    const problem = folder === '' ? 'is empty' : `is not text but ${seen(folder)}`
    throw new TenancyError('INVALID_OPTION', `The folder of ${called} ${problem}. Give the path of the tool's migrations.`, {
      details: { option: 'folder' },
    })
  }
  assertKnownKeys(called, options, ['extensions', ...ownOptions], 'INVALID_OPTION')
  const { extensions } = options
  if (extensions === undefined || extensions === 'refuse' || extensions === 'shared') return
  throw new TenancyError(
    'INVALID_OPTION',
    `"extensions" of ${called} must be 'refuse' or 'shared'; it is ${seen(extensions, 'quoted')}.`,
    { details: { option: 'extensions' } },
  )
}
