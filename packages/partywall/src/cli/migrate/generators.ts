/** The generators of other tools: the words of each, and what it compares with. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { TenancyError } from '../../errors.ts'
import type { MigrationSource } from '../../ports/migration-source.ts'
import { packageOf } from './installed.ts'

export interface Generator {
  /** The program, and the package that has it. */
  readonly program: string
  readonly package: string
  /** What follows the program. */
  readonly words: readonly string[]
  /** It compares the project with a database. */
  readonly needsDatabase?: true
  /** The file that it is told to write, where it does not choose one; and what must be beside it. */
  readonly file?: { readonly path: string; readonly beside: { readonly path: string; readonly text: string } }
  /** Environment variables of the tool itself that name the database. */
  readonly variables?: { readonly url: string; readonly database: string }
  /** The exit code that means: there is something to write. @default 0 */
  readonly writtenCode?: number
  /** Compares with a file of its own when there is one, and then does not connect. */
  readonly hasSnapshot?: boolean
}

export interface Wanted {
  readonly source: MigrationSource
  readonly name: string
  readonly isTypeScript: boolean
  /** The folder of the project. */
  readonly root: string
  /** What the caller wrote after `--`: words for the tool. */
  readonly passedOn: readonly string[]
}

/**
 * The generator of the tool to which the source belongs; undefined where there is none that partywall knows.
 * @throws TenancyError INVALID_ARGUMENT
 */
export function generatorFor(wanted: Wanted): Generator | undefined {
  const { makeNew = '' } = wanted.source
  const make = Object.entries(generators).find(([command]) => makeNew.includes(command))?.[1]
  const made = make?.({ ...wanted, title: titleOf(wanted.name), folder: () => onlyFolder(wanted.source) })
  return made && { ...made, words: [...made.words, ...wanted.passedOn] }
}

/** The folders of a source; none when the application lists its migrations in code. */
export function foldersOf({ name }: MigrationSource): readonly string[] {
  return name.split(', ').filter((folder) => existsSync(folder))
}

interface Parts extends Wanted {
  readonly title: string
  folder(): string
}

const generators: Readonly<Record<string, (parts: Parts) => Generator>> = {
  'drizzle-kit generate': ({ title }) => ({
    program: 'drizzle-kit',
    package: 'drizzle-kit',
    words: ['generate', '--name', title],
  }),
  'knex migrate:make': ({ title, folder, isTypeScript }) => ({
    program: 'knex',
    package: 'knex',
    words: ['migrate:make', title, '--migrations-directory', folder(), ...(isTypeScript ? ['-x', 'ts'] : [])],
  }),
  'node-pg-migrate create': ({ title, folder, root, isTypeScript }) => ({
    program: 'node-pg-migrate',
    package: 'node-pg-migrate',
    words: [
      'create',
      title,
      '--migrations-dir',
      relative(root, folder()) || '.',
      ...(isTypeScript ? ['--migration-file-language', 'ts'] : []),
    ],
  }),
  'prisma migrate': prisma,
  'typeorm migration:generate': typeorm,
  'mikro-orm migration:create': (parts) => ({
    program: 'mikro-orm',
    package: '@mikro-orm/cli',
    words: ['migration:create', '--name', parts.title],
    needsDatabase: true,
    variables: { url: 'MIKRO_ORM_CLIENT_URL', database: 'MIKRO_ORM_DB_NAME' },
    hasSnapshot: foldersOf(parts.source).some((folder) => readdirSync(folder).some((file) => snapshot.test(file))),
  }),
}

/**
 * `migrate dev --create-only` has the same result, but needs a terminal, and a second database, in which it applies the migrations without the
 * shared tables. So `migrate diff` compares the one database with the Prisma schema.
 */
function prisma({ title, folder, root, passedOn }: Parts): Generator {
  const now = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
  const file = join(folder(), `${now}_${title}`, 'migration.sql')
  const schema = relative(root, schemaBeside(folder()))
  const isOld = Number.parseInt(String(packageOf(root, 'prisma')?.version), 10) < 7
  const isGiven = passedOn.some((word) => word.startsWith('--to-schema'))
  const from = isOld ? ['--from-schema-datasource', schema] : ['--from-config-datasource']
  const to = isGiven ? [] : [isOld ? '--to-schema-datamodel' : '--to-schema', schema]
  return {
    program: 'prisma',
    package: 'prisma',
    words: ['migrate', 'diff', ...from, ...to, '--script', '--exit-code', '--output', relative(root, file)],
    needsDatabase: true,
    file: { path: file, beside: { path: join(folder(), 'migration_lock.toml'), text: lockText } },
    writtenCode: 2,
  }
}

/** `migrations` is beside the Prisma schema: one file, or a folder of files. */
function schemaBeside(folder: string): string {
  const above = dirname(folder)
  const one = join(above, 'schema.prisma')
  return existsSync(one) || !existsSync(above) || !readdirSync(above).some((file) => file.endsWith('.prisma')) ? one : above
}

function typeorm({ title, folder, root, passedOn }: Parts): Generator {
  const dataSource = dataSourceIn(passedOn)
  if (dataSource === undefined) {
    throw invalid(
      'dataSource',
      'TypeORM must be told where the DataSource of the project is: `partywall migrate new <name> -- -d src/data-source.ts`.',
    )
  }
  const words = title.split(/[_-]+/)
  const className = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return {
    program: /\.[cm]?ts$/.test(dataSource) ? typescriptProgram(root) : 'typeorm',
    package: 'typeorm',
    words: ['migration:generate', relative(root, join(folder(), className))],
    needsDatabase: true,
  }
}

/** The file after `-d` or `--dataSource`. */
function dataSourceIn(words: readonly string[]): string | undefined {
  for (const [index, word] of words.entries()) {
    const [, joined] = /^(?:-d|--data-?source)(?:=(.*))?$/i.exec(word) ?? [undefined, null]
    if (joined !== null) return joined ?? words[index + 1]
  }
  return undefined
}

/** With ts-node TypeORM reads what Node.js alone does not, such as decorators. */
function typescriptProgram(root: string): string {
  if (packageOf(root, 'ts-node') === undefined) return 'typeorm'
  return typeOf(root) === 'module' ? 'typeorm-ts-node-esm' : 'typeorm-ts-node-commonjs'
}

function typeOf(root: string): unknown {
  try {
    return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { type?: unknown }).type
  } catch {
    return undefined
  }
}

function titleOf(name: string): string {
  const title = name.trim().replaceAll(/\s+/g, '_')
  // A name that begins with a dash would be a flag of the tool.
  if (/^[\p{L}\p{N}]/u.test(title) && basename(title) === title) return title
  throw invalid('name', 'The name of a migration must begin with a letter or a digit, and have no slash.')
}

/** @throws TenancyError INVALID_ARGUMENT */
function onlyFolder(source: MigrationSource): string {
  const { name } = source
  // The folder of the first migration may not be there yet.
  const isOne = !name.includes(', ') && !name.startsWith('the migrations given to ')
  if (isOne) return name
  throw invalid(
    'migrations',
    `The new file needs one folder, and these migrations have none or several: ${name}. Run the tool's own command: ${source.makeNew}.`,
  )
}

export function invalid(option: string, message: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', message, { details: { option } })
}

/** As Prisma writes it. */
const lockText =
  '# Please do not edit this file manually\n# It should be added in your version-control system (e.g., Git)\nprovider = "postgresql"\n'

const snapshot = /^\.snapshot.*\.json$/
