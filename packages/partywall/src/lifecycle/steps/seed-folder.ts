/**
 * The folder of seeds: `*.sql` and `*.ts`, run in the order of their names in every new tenant. Its sub-folders are sets, run on request. A folder
 * holds seeds and nothing else: a file with another ending is refused, because a seed that was skipped by mistake would be missed late.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Dirent } from 'node:fs'
import type { SeedsOption } from '../../config/options.ts'
import { TenancyError } from '../../errors.ts'
import { importUnbundled } from '../../import-unbundled.js'
import { nearest } from '../../nearest.ts'
import { splitStatements } from '../../sql/lexer.ts'
import type { SeedBody, SeedFunction } from './step.ts'

const seedFile = /^[A-Za-z0-9][A-Za-z0-9._-]*\.(?:sql|ts|mts|js|mjs)$/
/** Files that people and tools keep beside seeds, and that are none. */
const ignored = /^\.|^readme\.md$|\.d\.m?ts$|\.map$/i
const setName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/

/**
 * The seeds of every new tenant, or those of a set, in their order. Reads every file, and imports those in TypeScript and JavaScript.
 * @throws TenancyError INVALID_SEED
 */
export async function readSeeds(option: SeedsOption, set?: string): Promise<readonly SeedBody[]> {
  if (set !== undefined) assertSetName(set)
  if (option === false) return set === undefined ? [] : refuseSet(set, [])
  const entries = await entriesOf(option.folder)
  if (entries === undefined) {
    if (option.isGiven) throw absentFolder(option.folder)
    return set === undefined ? [] : refuseSet(set, [])
  }
  if (set === undefined) return readFiles(option.folder, entries, undefined)
  const sets = entries.filter((entry) => entry.isDirectory() && !ignored.test(entry.name)).map(({ name }) => name)
  if (!sets.includes(set)) return refuseSet(set, sets)
  return readFiles(join(option.folder, set), (await entriesOf(join(option.folder, set)))!, set)
}

async function readFiles(folder: string, entries: readonly Dirent[], set: string | undefined): Promise<SeedBody[]> {
  const files = entries.filter((entry) => !ignored.test(entry.name) && !isSet(folder, entry, set)).map(({ name }) => name)
  for (const file of files) {
    if (!seedFile.test(file)) {
      throw invalidSeed(
        join(folder, file),
        'is not named like a seed. Its name has letters, digits, ".", "_" and "-", and ends in .sql, .ts, .mts, .js or .mjs. Rename it, or move it out of ' +
          'the folder (dotfiles, README.md and *.d.ts may stay).',
      )
    }
  }
  const names = files.toSorted((a, b) => (a < b ? -1 : 1))
  return Promise.all(names.map((file) => readSeed(join(folder, file), set === undefined ? file : `${set}/${file}`)))
}

/** A folder in a set is refused: its files would look as if they belonged to the set. */
function isSet(folder: string, entry: Dirent, set: string | undefined): boolean {
  if (!entry.isDirectory()) return false
  if (set === undefined && setName.test(entry.name)) return true
  const problem =
    set === undefined
      ? 'is a folder whose name no set of seeds can have: letters, digits, "_" and "-". Rename it.'
      : 'is a folder in a set of seeds. Sets have no sets: move its files into the set, or the folder beside it.'
  throw invalidSeed(join(folder, entry.name), problem)
}

async function readSeed(file: string, name: string): Promise<SeedBody> {
  const text = await readText(file)
  if (!file.endsWith('.sql')) return { kind: 'code', name, file, run: await importSeed(file, text) }
  const statements = splitStatements(text).map(({ start, end }) => ({
    text: text.slice(start, end),
    line: text.slice(0, start).split('\n').length,
  }))
  return { kind: 'sql', name, file, statements }
}

async function importSeed(file: string, text: string): Promise<SeedFunction> {
  const checksum = createHash('sha256').update(text).digest('hex')
  let module: Record<string, unknown>
  try {
    module = (await importUnbundled(`${pathToFileURL(file).href}?${checksum}`)) as Record<string, unknown>
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
    throw invalidSeed(file, `cannot be imported: ${reason}. Its top level must run in Node.js without a compiler.`, error)
  }
  const { seed } = module
  if (typeof seed === 'function') return seed as SeedFunction
  const exported = Object.keys(module)
  const meant = exported.find((one) => nearest(one, ['seed']) !== undefined)
  throw invalidSeed(
    file,
    `exports ${exported.length === 0 ? 'nothing' : exported.join(', ')}, but no function \`seed\`. ` +
      (meant === undefined ? '' : `Did you mean \`seed\` by \`${meant}\`? `) +
      'Write: export async function seed({ client, tenant, sql }: SeedContext) { … }',
  )
}

/** Undefined when there is no such folder. */
async function entriesOf(folder: string): Promise<Dirent[] | undefined> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return undefined
    const problem = code === 'ENOTDIR' ? 'is a file, not a folder' : `cannot be read (${code})`
    throw invalidSeed(folder, `${problem}. Give the folder of the seeds.`, error)
  }
}

async function readText(file: string): Promise<string> {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)).replaceAll('\r\n', '\n')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw invalidSeed(
      file,
      code?.startsWith('ERR_ENCODING') ? 'is not UTF-8. Save it as UTF-8.' : `cannot be read (${code}).`,
      error,
    )
  }
  if (!text.includes('\0')) return text
  throw invalidSeed(file, 'holds a zero byte, which PostgreSQL does not accept. Save it as plain UTF-8 text.')
}

function absentFolder(folder: string): TenancyError {
  return invalidSeed(
    folder,
    'does not exist, and the option "seeds" names it. Correct the path, or set "root" to the folder of the project: a compiler does not copy .sql ' +
      'files. If there are no seeds on purpose, leave the option out, or set it to false.',
  )
}

function assertSetName(set: unknown): asserts set is string {
  if (typeof set === 'string' && setName.test(set)) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    '"set" of seed must be the name of a sub-folder of the seeds: letters, digits, _ and -.',
    {
      details: { option: 'set' },
    },
  )
}

function refuseSet(set: string, sets: readonly string[]): never {
  const suggestion = nearest(set, sets)
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `There is no set of seeds ${JSON.stringify(set)}. ` +
      (suggestion !== undefined
        ? `Did you mean ${JSON.stringify(suggestion)}?`
        : sets.length === 0
          ? 'A set is a sub-folder of the folder of seeds, and there is none.'
          : `The sets are: ${sets.toSorted().join(', ')}.`),
    { details: { option: 'set', nearest: suggestion } },
  )
}

function invalidSeed(file: string, problem: string, cause?: unknown): TenancyError {
  return new TenancyError('INVALID_SEED', `${file} ${problem}`, {
    details: { file },
    ...(cause === undefined ? {} : { cause }),
  })
}
