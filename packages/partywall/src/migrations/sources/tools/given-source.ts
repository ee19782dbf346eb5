/** A source of another tool that is given its folders, or its migrations: they are found when the source is listed. */
import { resolve } from 'node:path'
import { TenancyError } from '../../../errors.ts'
import { seen } from '../../../seen.ts'
import type { Migration, MigrationSource } from '../../../ports/migration-source.ts'
import { existingFolder } from '../files/existing-folder.ts'
import { givenMigrations, type FilesOptions, type GivenMigrations, type ListedMigration } from './given-migrations.ts'
import { toolSource, type Tool, type ToolOptions, type ToolPlace } from './tool-source.ts'

/** What a tool lists: folders that exist, with their whole paths, or migrations. */
export interface FoundMigrations {
  readonly folders: readonly string[]
  readonly listed: readonly ListedMigration[] | undefined
  readonly order: FilesOptions['order']
  isMigration(file: string): boolean
}

export interface GivenTool<O extends ToolOptions & FilesOptions> extends Omit<Tool<O>, 'folder' | 'list'> {
  /** What the application gives. */
  readonly given: unknown
  /** The migrations are code, so the application may give them themselves. @default false */
  readonly mayList?: boolean
  list(found: FoundMigrations, place: ToolPlace): Promise<readonly Migration[]>
}

/** @throws TenancyError INVALID_OPTION */
export function givenSource<O extends ToolOptions & FilesOptions>(tool: GivenTool<O>): MigrationSource {
  const { given: value, mayList = false, list, ...rest } = tool
  const { called, options, ownOptions = [] } = rest
  const given = givenMigrations(called, value, mayList)
  const source = toolSource({
    ...rest,
    ownOptions: ['order', 'filter', ...ownOptions],
    folder: given.folders.join(', ') || 'listed',
    list: async (_, place) => list(await found(given, options, place.root), place),
  })
  for (const option of ['order', 'filter'] as const) assertFunction(called, option, options[option])
  return withName(source, (root) => nameOf(called, given, root), process.cwd())
}

/** The migrations in the order of the tool, or in the order of the project. */
export function inOrder<T extends { readonly name: string }>(
  migrations: readonly T[],
  order: FilesOptions['order'],
  toolOrder: (a: string, b: string) => number,
): T[] {
  const compare = order ?? toolOrder
  return migrations.toSorted((a, b) => compare(a.name, b.name))
}

async function found(
  { folders, listed }: GivenMigrations,
  { order, filter }: FilesOptions,
  root: string,
): Promise<FoundMigrations> {
  return {
    folders: await Promise.all(folders.map((folder) => existingFolder(folder, root))),
    listed,
    order,
    isMigration: (file) => filter?.(file) !== false,
  }
}

function withName(source: MigrationSource, name: (root: string) => string, root: string): MigrationSource {
  return { ...source, name: name(root), at: (place) => withName(source.at!(place), name, place.root) }
}

function nameOf(called: string, { folders, listed }: GivenMigrations, root: string): string {
  return listed === undefined ? folders.map((folder) => resolve(root, folder)).join(', ') : `the migrations given to ${called}`
}

function assertFunction(called: string, option: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw new TenancyError('INVALID_OPTION', `"${option}" of ${called} must be a function; it is ${seen(value)}.`, {
    details: { option },
  })
}
