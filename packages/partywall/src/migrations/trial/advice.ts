/** What the author of a configuration has to write: the source with its options, and a migration of the shared schema for extensions. */
import { readdir } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import type { MigrationSource, SourceReview } from '../../ports/migration-source.ts'
import { identifier } from '../../names/identifier.ts'
import { migrationFile } from '../sources/folder/folder.ts'

/**
 * The source with these options, as the configuration should have it; undefined for a source whose call is not known.
 * @param configured the source, or its folder, as the configuration has it
 */
export function configLine(root: string, configured: string | MigrationSource, options: SourceReview): string | undefined {
  if (typeof configured === 'string') return callOf('folderMigrations', shortFolder(root, configured), options)
  const { written } = configured
  return written && callOf(written.called, written.folder, { ...written.options, ...options })
}

/** The migration of the shared schema that creates these extensions. */
export function extensionsMigration(extensions: readonly string[], schema: string): string {
  return extensions
    .map((name) => `create extension if not exists ${identifier(name)} with schema ${identifier(schema)};\n`)
    .join('')
}

/** The file for it: with the next number, where the shared migrations are a folder of partywall's own files. */
export async function extensionsFile(folder: string): Promise<string> {
  const files = await readdir(folder).catch(() => [] as string[])
  const last =
    files
      .flatMap((file) => migrationFile.exec(file)?.groups?.['number'] ?? [])
      .toSorted()
      .at(-1) ?? '0000'
  return join(folder, `${String(BigInt(last) + 1n).padStart(last.length, '0')}_extensions.sql`)
}

function shortFolder(root: string, folder: string): string {
  const short = isAbsolute(folder) ? relative(root, folder) : folder
  return short === '' ? '.' : short
}

function callOf(called: string, folder: unknown, options: object): string {
  return `${called}(${asCode(folder)}, ${asCode(options)})`
}

/** Plain data as code; what is none is left to the reader. */
function asCode(value: unknown): string {
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(asCode).join(', ')}]`
  if (typeof value !== 'object') return '…'
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return entries.length === 0 ? '{}' : `{ ${entries.map(([key, inner]) => `${key}: ${asCode(inner)}`).join(', ')} }`
}
