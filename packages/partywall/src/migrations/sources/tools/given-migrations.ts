/** What an application gives to the source of a tool: a folder, several folders, or the migrations themselves. */
import { TenancyError } from '../../../errors.ts'
import { seen } from '../../../seen.ts'

/** One folder, or several, whose files are put in one order by their names. Relative folders start at `root` of the configuration. */
export type MigrationFolders = string | readonly string[]

/**
 * Migrations that a project lists itself, by their names, as an object or as the module that exports them; or as a list, where each has its
 * name in it.
 */
export type ListedMigrations<M> = Readonly<Record<string, M>> | readonly (M & { readonly name: string })[]

/** Of a tool whose migrations are modules with `up` and perhaps `down`. */
export interface MigrationModule<A extends unknown[]> {
  up(...args: A): unknown
  down?(...args: A): unknown
}

/** Options of every source that reads files. */
export interface FilesOptions {
  /** Compares the names of two migrations, where the project has an order of its own. @default the order of the tool */
  readonly order?: ((a: string, b: string) => number) | undefined
  /** Whether a file or folder is a migration, by its name: false for helpers that are kept beside the migrations. @default all are */
  readonly filter?: ((file: string) => boolean) | undefined
}

export interface ListedMigration {
  readonly name: string
  readonly value: unknown
}

/** The checked form: either of them. */
export interface GivenMigrations {
  readonly folders: readonly string[]
  readonly listed?: readonly ListedMigration[]
}

/**
 * @param mayList the tool's migrations are code, so they can be given themselves
 * @throws TenancyError INVALID_OPTION
 */
export function givenMigrations(called: string, given: unknown, mayList: boolean): GivenMigrations {
  if (typeof given === 'string') return { folders: [folder(called, given)] }
  if (Array.isArray(given) && given.length > 0 && given.every((item) => typeof item === 'string')) {
    return { folders: given.map((item) => folder(called, item)) }
  }
  if (mayList && typeof given === 'object' && given !== null && !(Array.isArray(given) && given.length === 0)) {
    const listed = Array.isArray(given) ? given.map((value) => named(called, value)) : entriesOf(called, given)
    return { folders: [], listed }
  }
  const problem = Array.isArray(given) ? 'is a list that is empty or holds more than text' : `is not text but ${seen(given)}`
  throw wrong(
    called,
    `${problem}. Give the path of the tool's migrations, or a list of paths${mayList ? ', or the migrations' : ''}`,
  )
}

function folder(called: string, path: string): string {
  if (path === '') throw wrong(called, "is empty. Give the path of the tool's migrations")
  return path
}

function entriesOf(called: string, given: object): ListedMigration[] {
  // A module that was imported is an object, too. Its default export is a list or object of its own, or nothing that has a name.
  return Object.entries(given)
    .filter(([name]) => name !== 'default' && name !== '__esModule' && name !== 'module.exports')
    .map(([name, value]) => migration(called, name, value))
}

function named(called: string, value: unknown): ListedMigration {
  const { name } = (value ?? {}) as { name?: unknown }
  if (typeof name === 'string' && name !== '') return migration(called, name, value)
  throw wrong(
    called,
    `holds ${seen(value)} without a name in its list. Give each migration a name, or an object of migrations by name`,
  )
}

function migration(called: string, name: string, value: unknown): ListedMigration {
  const isMigration = typeof value === 'function' || (typeof value === 'object' && value !== null && !Array.isArray(value))
  if (isMigration) return { name, value }
  throw wrong(
    called,
    `has ${JSON.stringify(name.slice(0, 60))}, which is ${seen(value)}. Give the module or class of each migration`,
  )
}

function wrong(called: string, problem: string): TenancyError {
  return new TenancyError('INVALID_OPTION', `The folder of ${called} ${problem}.`, { details: { option: 'folder' } })
}
