/** The config of the project that partywall is called in: partywall.config.ts in this folder or the nearest one above it. */
import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Config } from '../../config/config.ts'
import { projectRoot } from '../../config/project-root.ts'
import { UsageError } from '../terminal/failure.ts'
import { useProjectModules } from './project-modules.ts'

const fileNames = ['partywall.config.ts', 'partywall.config.mts', 'partywall.config.js', 'partywall.config.mjs']

/**
 * The path of the config file: the one that is named, or the first one from `folder` upwards.
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
    `There is no partywall.config.ts in ${folder} or above it. Create one with \`partywall init\`, or name one with --config.`,
    'CONFIG_NOT_FOUND',
  )
}

/**
 * The default export of the file. A `.env` beside it is read first; it does not override variables that are already set.
 * @throws UsageError CONFIG_INVALID
 */
export async function loadConfig(file: string): Promise<Config<any>> {
  loadEnvironment(join(dirname(file), '.env'))
  useProjectModules()
  const module = await importConfig(file)
  const config = compiledDefault(module['default'])
  if (typeof config === 'object' && config !== null) return config
  const seen = Object.keys(module).join(', ') || 'nothing'
  throw new UsageError(
    `${file} exports ${seen}, but its default export must be the config: export default defineConfig({ … })`,
    'CONFIG_INVALID',
  )
}

/** A compiler to CommonJS, such as `nest build`, keeps the default export as a property of `module.exports`, which Node.js imports as the default. */
function compiledDefault(exported: unknown): unknown {
  const isCompiled = typeof exported === 'object' && exported !== null && '__esModule' in exported && 'default' in exported
  return isCompiled ? exported.default : exported
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
    return await startedIn(projectRoot(dirname(file)), () => import(pathToFileURL(file).href) as Promise<Record<string, unknown>>)
  } catch (error) {
    throw explain(file, error)
  }
}

/**
 * Calls `fn` as in a program that was started in `folder`. A config for a bundle has `root: process.cwd()`, which means the folder where the
 * app is started: in a subfolder, it would lead to another embedded server, new and empty.
 */
async function startedIn<T>(folder: string, fn: () => Promise<T>): Promise<T> {
  const before = process.cwd()
  process.chdir(folder)
  try {
    return await fn()
  } finally {
    process.chdir(before)
  }
}

/** Adds the file and what to do to the message of Node. */
function explain(file: string, error: unknown): UsageError {
  const code = (error as { code?: unknown } | null)?.code
  const fix = typeof code === 'string' ? fixes[code] : undefined
  const place = placeIn(error)
  const plain = UsageError.inConfig(file, error)
  const details = [place && `(at ${place})`, fix].filter(Boolean).join(' ')
  return new UsageError(`${plain.message}${details && ` ${details}`}`, plain.code, { cause: error })
}

const fixes: Record<string, string> = {
  ERR_MODULE_NOT_FOUND: 'Install the missing package, or correct the import; a file is imported with its ending.',
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    'Node runs TypeScript by removing the types, so enums, namespaces and parameter properties cannot be used here.',
}

/** Where a syntax error is: the first line of its stack is `file:line`. */
function placeIn(error: unknown): string | undefined {
  if (!(error instanceof SyntaxError)) return undefined
  const place = /^(?:file:\/\/)?(\/.*?:\d+)\n/.exec(error.stack ?? '')?.[1]
  return place && relative(process.cwd(), place)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
