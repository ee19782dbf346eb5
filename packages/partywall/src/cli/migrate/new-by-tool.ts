/**
 * A new migration in the folder of another tool, which keeps a journal or a snapshot beside its files and so must create them itself. A
 * generator that only reads the project is run here. One that compares with a database is named: it must compare with one of its own, in
 * which the tool's runner has applied the files, because it writes the names of schemas and of that database into the file.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { TenancyError } from '../../errors.ts'
import type { MigrationSource } from '../../ports/migration-source.ts'
import type { Cli } from '../context/cli.ts'
import { shortPath } from '../terminal/printable.ts'

export interface ToolMigration {
  readonly source: MigrationSource
  readonly name: string
  readonly isTypeScript: boolean
  /** The folder of the project. */
  readonly root: string
}

/**
 * Runs the generator of the tool, and prints the file that it has created.
 * @param isPrinted print the command instead
 * @throws TenancyError INVALID_ARGUMENT for a tool whose generator is not run here
 */
export async function newByTool(cli: Cli, migration: ToolMigration, isPrinted: boolean): Promise<void> {
  const { source, root } = migration
  const words = commandFor(migration)
  if (words === undefined) throw onlyNamed(source)
  const command = ['npx', ...words].map(quoted).join(' ')
  if (isPrinted) return cli.out.result({ file: null, command }, () => command)
  const before = new Set(await filesBelow(source.name))
  // `npx --no` installs nothing. What the tool prints is not the result of this command.
  const child = spawn('npx', ['--no', ...words], { cwd: root, stdio: ['inherit', process.stderr, process.stderr] })
  const [code] = (await once(child, 'close')) as [number | null]
  const file = (await filesBelow(source.name)).find((path) => !before.has(path) && holdsMigration.test(path)) ?? null
  if (code !== 0) cli.fail()
  const outcome = code === 0 ? 'has created no file: it found nothing to write' : `ended with exit code ${code ?? 'none'}`
  cli.out.result({ file, command }, () => (file === null || code !== 0 ? `${command} ${outcome}` : shortPath(file)))
}

/** The words after `npx`; undefined when the generator needs a database. */
function commandFor({ source: { makeNew = '', name: folder }, name, isTypeScript, root }: ToolMigration): string[] | undefined {
  const title = name.trim().replaceAll(/\s+/g, '_')
  // A name that begins with a dash would be a flag of the tool.
  if (!/^[\p{L}\p{N}]/u.test(title)) throw invalid('name', 'The name of a migration must begin with a letter or a digit.')
  if (makeNew.includes('drizzle-kit generate')) return ['drizzle-kit', 'generate', '--name', title]
  if (makeNew.includes('knex migrate:make')) {
    return ['knex', 'migrate:make', title, '--migrations-directory', folder, ...(isTypeScript ? ['-x', 'ts'] : [])]
  }
  if (makeNew.includes('node-pg-migrate create')) {
    const language = isTypeScript ? ['--migration-file-language', 'ts'] : []
    return ['node-pg-migrate', 'create', title, '--migrations-dir', relative(root, folder) || '.', ...language]
  }
  return undefined
}

function onlyNamed({ name, makeNew = 'see its manual' }: MigrationSource): TenancyError {
  return invalid(
    'migrations',
    `The migrations in ${name} belong to another tool, which creates their files: ${makeNew}. If it compares with a database, give it one of its ` +
      'own, in which it has applied these files, and never that of the tenants.',
  )
}

function invalid(option: string, message: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', message, { details: { option } })
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Not the snapshot and the journal that the tool writes beside it. */
const holdsMigration = /\.(?:sql|[cm]?[jt]s)$/

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
