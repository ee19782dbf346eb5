/** The configuration of the project that partywall is called in: partywall.config.ts, here or in the nearest folder above. */
import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Config } from '../../config/config.ts'
import { UsageError } from '../terminal/failure.ts'
import { useProjectModules } from './project-modules.ts'

const fileNames = ['partywall.config.ts', 'partywall.config.mts', 'partywall.config.js', 'partywall.config.mjs']

/**
 * The path of the config file: the one that was named, else the first one found from `folder` upwards.
 * @throws UsageError CONFIG_NOT_FOUND
 */
export function findConfig(folder: string, named?: string): string {
  if (named !== undefined) {
    const file = resolve(folder, named)
    if (isFile(file)) return file
    throw new UsageError(`There is no config file ${file}.`, 'CONFIG_NOT_FOUND')
  }
  for (let at = folder; ; at = dirname(at)) {
    const found = fileNames.map((name) => join(at, name)).find(isFile)
    if (found !== undefined) return found
    if (at === dirname(at)) break
  }
  throw new UsageError(
    `There is no partywall.config.ts in ${folder} or above it. Make one with \`partywall init\`, or name one with --config.`,
    'CONFIG_NOT_FOUND',
  )
}

/**
 * What the file exports by default. A `.env` beside it is read first; variables that are set already win.
 * @throws UsageError CONFIG_INVALID
 */
export async function loadConfig(file: string): Promise<Config<any>> {
  loadEnvironment(join(dirname(file), '.env'))
  useProjectModules()
  const module = await importConfig(file)
  const config: unknown = module['default']
  if (typeof config === 'object' && config !== null) return config
  const seen = Object.keys(module).join(', ') || 'nothing'
  throw new UsageError(
    `${file} exports ${seen}, but its default export must be the config: export default defineConfig({ … })`,
    'CONFIG_INVALID',
  )
}

function loadEnvironment(file: string): void {
  if (!existsSync(file)) return
  try {
    process.loadEnvFile(file)
  } catch (error) {
    throw UsageError.inConfig(file, error)
  }
}

async function importConfig(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>
  } catch (error) {
    throw explain(file, error)
  }
}

/** Says which file and what to do; the message of Node alone often leads nowhere. */
function explain(file: string, error: unknown): UsageError {
  const code = (error as { code?: unknown } | null)?.code
  const mend = typeof code === 'string' ? mends[code] : undefined
  const place = placeIn(error)
  const plain = UsageError.inConfig(file, error)
  const details = [place && `(at ${place})`, mend].filter(Boolean).join(' ')
  return new UsageError(`${plain.message}${details && ` ${details}`}`, plain.code, { cause: error })
}

const mends: Record<string, string> = {
  ERR_MODULE_NOT_FOUND: 'Install what is missing, or correct the import; files are imported with their ending.',
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    'Node runs TypeScript by leaving the types out, so enums, namespaces and parameter properties cannot be used here.',
}

/** Where the parser stumbled: the first line of the stack of a SyntaxError is `file:line`. */
function placeIn(error: unknown): string | undefined {
  if (!(error instanceof SyntaxError)) return undefined
  const place = /^(?:file:\/\/)?(\/.*?:\d+)\n/.exec(error.stack ?? '')?.[1]
  return place && relative(process.cwd(), place)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
