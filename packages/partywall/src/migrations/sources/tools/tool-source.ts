/** A source that reads the folder of another tool. */
import { resolve } from 'node:path'
import type { FormerHistory, Migration, MigrationSource, SourcePlace } from '../../../ports/migration-source.ts'
import { assertToolOptions, type ToolOptions, type ToolPlace } from './tool-options.ts'

export interface Tool<O extends ToolOptions> {
  /** The function that makes the source, for messages. */
  readonly called: string
  readonly folder: string
  readonly options: O
  /** Names of options beside those of every tool. */
  readonly further?: readonly string[]
  /** The command with which the tool makes a file. */
  readonly makeNew: string
  /** The history that the tool has kept. */
  readonly former: FormerHistory | undefined
  /** Refuses options that do not go with the place. */
  check?(place: SourcePlace): void
  /** Reads the folder, whose path is whole now. */
  list(folder: string, place: ToolPlace): Promise<readonly Migration[]>
}

/** @throws TenancyError INVALID_OPTION */
export function toolSource<O extends ToolOptions>(tool: Tool<O>): MigrationSource {
  const { called, folder, options, further, makeNew, former } = tool
  assertToolOptions(called, folder, options, further)
  const state = (place: SourcePlace): MigrationSource => ({
    name: resolve(place.root, folder),
    list: () => tool.list(resolve(place.root, folder), { ...place, extensions: options.extensions }),
    at: (other) => {
      tool.check?.(other)
      return state(other)
    },
    former,
    makeNew,
  })
  // Used without a configuration, it makes a tenant's schema.
  return state({ root: process.cwd(), isShared: false, sharedSchema: 'public', extraSearchPath: [] })
}
