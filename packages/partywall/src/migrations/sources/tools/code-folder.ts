/** The folders of a tool whose migrations are code, and perhaps SQL: which files are migrations, and what they hold. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { byCodeUnit, checksumOf, invalidMigration, readText } from '../files/migration-file.ts'
import { codeFile, exportsOf, importMigration } from '../files/module-file.ts'
import type { ListedMigration } from './given-migrations.ts'
import type { FoundMigrations } from './given-source.ts'
import { isIndexFile } from './index-file.ts'

export interface ToolFile {
  /** With its ending, without its folder. The name, if the application gave the migration itself. */
  readonly file: string
  readonly path: string
  /** Of a migration that the application gave itself: the text of its functions. */
  readonly text: string
  readonly checksum: string
  /** What the application gave itself. Absent: the file exports it. */
  readonly given?: Record<string, unknown>
}

export interface CodeFile extends ToolFile {
  readonly module: Record<string, unknown>
}

/**
 * The files of the folders, or the migrations that the application gave itself, in no order. Folders in them are ignored, as all these tools do,
 * and so is an index file that only re-exports the others.
 * @param endings of files that the tool reads beside code, e.g. /\.sql$/
 * @throws TenancyError INVALID_MIGRATION for a file that the tool does not read: it may be a migration that would never run
 */
export async function filesIn({ folders, listed, isMigration }: FoundMigrations, endings?: RegExp): Promise<ToolFile[]> {
  if (listed !== undefined) return listed.map(fileOf)
  const found = await Promise.all(
    folders.map(async (folder) => {
      const names = (await plainFiles(folder)).filter((file) => !ignored.test(file) && isMigration(file))
      return Promise.all(names.map((file) => read(folder, file, endings)))
    }),
  )
  return found.flat().filter(({ file, text }) => !isIndexFile(file, text))
}

/** The same file, with what it exports. */
export async function loaded(file: ToolFile): Promise<CodeFile> {
  return { ...file, module: file.given ?? (await importMigration(file.path, file.checksum)) }
}

/** The name of a file without its ending; the name of a migration that the application gave itself. */
export function withoutEnding({ file, given }: ToolFile, ending: RegExp = /\.[^.]+$/): string {
  return given === undefined ? file.replace(ending, '') : file
}

/** The functions `up` and `down` of a module, as most tools have them. */
export function upAndDown<A extends unknown[]>({ path, module }: CodeFile): { up: Run<A>; down?: Run<A> } {
  const { up, down } = module
  if (typeof up !== 'function') {
    throw invalidMigration(path, `exports no function \`up\`. Write one, or ${leaveOut}.`)
  }
  return { up: up as Run<A>, ...(typeof down === 'function' && { down: down as Run<A> }) }
}

/** What to do about a file that is no migration, as the end of a sentence. */
export const leaveOut = 'move the file out of the folder, or leave it out by the option "filter"'

export type Run<A extends unknown[]> = (...args: A) => unknown

/** @throws TenancyError INVALID_MIGRATION when two files have the same name without their endings */
export function assertDistinct(files: readonly { readonly name: string; readonly path: string }[]): void {
  const seen = new Map<string, string>()
  for (const { name, path } of files) {
    const other = seen.get(name)
    if (other !== undefined) {
      throw invalidMigration(path, `has the same name, ${name}, as the migration ${other}. Rename or remove one of them.`)
    }
    seen.set(name, path)
  }
}

async function read(folder: string, file: string, endings: RegExp | undefined): Promise<ToolFile> {
  const path = join(folder, file)
  if (!codeFile.test(file) && endings?.test(file) !== true) {
    throw invalidMigration(path, `is no migration that this tool reads. Rename it, or ${leaveOut}.`)
  }
  const text = await readText(path)
  return { file, path, text, checksum: checksumOf(text) }
}

/** A class is the only thing that its module would export. */
function fileOf({ name, value }: ListedMigration): ToolFile {
  const { class: inside } = value as { class?: unknown }
  const isClass = typeof value === 'function' || typeof inside === 'function'
  const module = isClass ? { default: typeof value === 'function' ? value : inside } : exportsOf(value as Record<string, unknown>)
  const text = Object.entries(module)
    .toSorted(([a], [b]) => byCodeUnit(a, b))
    .map(([key, part]) => `${key}: ${typeof part === 'function' ? String(part) : JSON.stringify(part)}`)
    .join('\n')
  return { file: name, path: name, text, checksum: checksumOf(text), given: module }
}

async function plainFiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw invalidMigration(folder, `cannot be read as a folder (${code}). Give the folder of migrations.`, error)
  }
}

/** Files that people, compilers and tools keep beside migrations, and that are none. */
const ignored = /^\.|^readme\.md$|\.d\.[cm]?ts$|\.map$|^(?:package|tsconfig)\.json$/i
