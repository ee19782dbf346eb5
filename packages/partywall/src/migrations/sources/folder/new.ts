/** Creates the file of a new migration, numbered after the last one in its folder. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assertKnownKeys } from '../../../known-keys.ts'
import { TenancyError } from '../../../errors.ts'
import { codeTemplate, sqlTemplate } from './templates.ts'
import { migrationFile } from './folder.ts'

export interface NewMigration {
  /** The folder; created when it is missing. */
  readonly folder: string
  /** What the migration does, in a few words, for the name of the file. */
  readonly name: string
  /** @default 'sql' */
  readonly language?: 'sql' | 'ts' | undefined
  /** The migration is for the shared schema: a .ts file gets the types for a migration without a tenant. @default false */
  readonly shared?: boolean | undefined
}

/**
 * Creates the file, and returns its path. Never overwrites a file.
 * @example await newMigration({ folder: 'migrations/tenant', name: 'add titles' }) // …/0002_add_titles.sql
 * @throws TenancyError INVALID_ARGUMENT for a name without a Latin letter or digit; INVALID_MIGRATION when the folder has no higher number left
 */
export async function newMigration(migration: NewMigration): Promise<string> {
  assertKnownKeys('newMigration', migration, ['folder', 'name', 'language', 'shared'])
  const { folder, language = 'sql', shared = false } = migration
  if (language !== 'sql' && language !== 'ts') throw invalidArgument('language', "'sql' or 'ts'")
  const name = fileName(migration.name)
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${await nextNumber(folder)}_${name}.${language}`)
  await writeFile(path, language === 'sql' ? sqlTemplate(name) : codeTemplate(shared), { flag: 'wx' })
  return path
}

/** Letters of other alphabets than the Latin one have no ASCII letter that all readers would expect, so they are left out. */
function fileName(name: unknown): string {
  const words =
    typeof name === 'string'
      ? name
          .slice(0, 200)
          .normalize('NFKD')
          .replaceAll(/\p{Mark}/gu, '')
          .toLowerCase()
          .replaceAll(/[ßæœøłđðþı]/g, (letter) => withoutDecomposition[letter]!)
          .match(/[a-z0-9]+/g)
      : null
  if (words === null) throw invalidArgument('name', 'a few words with ASCII letters or digits, such as "add titles"')
  return words.join('_')
}

const withoutDecomposition: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
}

/** The next number, with as many digits as the folder has. A number of 14 digits is a time. */
async function nextNumber(folder: string): Promise<string> {
  const numbers = (await readdir(folder)).flatMap((file) => migrationFile.exec(file)?.groups?.['number'] ?? [])
  const last = numbers.toSorted().at(-1) ?? '0000'
  const next = last.length === 14 ? later(last, timestamp()) : String(BigInt(last) + 1n).padStart(last.length, '0')
  if (next.length === last.length) return next
  throw new TenancyError(
    'INVALID_MIGRATION',
    `The folder ${folder} has no higher number left: ${next} would sort before ${last}. Give all files one more digit, and rename them in the ` +
      'histories.',
    { details: { folder, last } },
  )
}

function later(last: string, now: string): string {
  return now > last ? now : String(BigInt(last) + 1n)
}

function timestamp(): string {
  return new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
}

function invalidArgument(option: string, allowed: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of newMigration must be ${allowed}.`, {
    details: { option },
  })
}
