/** A source that reads the folder of another tool: its options, and its place in the configuration. */
import { resolve } from 'node:path'
import { assertKnownKeys } from '../../../known-keys.ts'
import { assertReviewOptions, reviewOptionNames } from '../../review/review-options.ts'
import { TenancyError } from '../../../errors.ts'
import { seen } from '../../../seen.ts'
import type { ImportedHistory, Migration, MigrationSource, SourcePlace, SourceReview } from '../../../ports/migration-source.ts'

/** The options that every source of another tool has. Such tools write `public.` in front of names, so `public` is 'rewrite' by default. */
export type ToolOptions = SourceReview

/** The place of a source: all that is needed to read its files. */
export type ToolPlace = SourcePlace

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
    list: () => tool.list(resolve(place.root, folder), place),
    review: { public: options.public ?? 'rewrite', extensions: options.extensions },
    at: (other) => {
      tool.check?.(other)
      return sourceAt(other)
    },
    imported,
    makeNew,
    written: { called, folder, options },
  })
  // Without a configuration, it is a source for the schema of a tenant.
  return sourceAt({ root: process.cwd(), isShared: false, sharedSchema: 'public', extraSearchPath: [] })
}

function assertToolOptions(called: string, folder: unknown, options: ToolOptions, ownOptions: readonly string[] = []): void {
  if (typeof folder !== 'string' || folder === '') {
    const problem = folder === '' ? 'is empty' : `is not text but ${seen(folder)}`
    throw new TenancyError('INVALID_OPTION', `The folder of ${called} ${problem}. Give the path of the tool's migrations.`, {
      details: { option: 'folder' },
    })
  }
  assertKnownKeys(called, options, [...reviewOptionNames, ...ownOptions], 'INVALID_OPTION')
  assertReviewOptions(called, options)
}
