/**
 * Imports a migration of another tool that is code. Node.js itself runs it, and strips the types of TypeScript. Habits that the loaders of these
 * tools allow would fail there, and are supported: a file that is an ES module, or CommonJS, by its text in a package that says otherwise; and
 * imports of types without the word `type`, and imports of files beside without their endings. They hold for the TypeScript files that a migration imports, too.
 */
import { readFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { importUnbundled } from '../../../import-unbundled.js'
import { invalidMigration } from './migration-file.ts'
import { asModule, isCommonJsText, isModuleText, withoutTypes } from './module-text.ts'

/** What the module exports, with the properties of a default export. Its top level runs, once for each process and content. */
export async function importMigration(path: string, checksum: string): Promise<Record<string, unknown>> {
  hook ??= nodeModule.registerHooks({ resolve, load })
  try {
    return exportsOf((await importUnbundled(`${pathToFileURL(path).href}?${mark}${checksum}`)) as Record<string, unknown>)
  } catch (error) {
    throw invalidMigration(path, `cannot be imported: ${messageOf(error)}. ${fixFor(error)}`, error)
  }
}

/**
 * What a module exports, by name, with the properties of a default export: `module.exports = { up }` of CommonJS is one, and so is
 * `export default { up }`. A compiler to CommonJS keeps a default export in one more layer.
 */
export function exportsOf(module: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { default: inside, 'module.exports': _, __esModule: __, ...named } = module
  if (inside === undefined) return named
  return typeof inside === 'object' && inside !== null && !Array.isArray(inside)
    ? { ...exportsOf(inside as Record<string, unknown>), ...named }
    : { default: inside, ...named }
}

/** Files that hold migrations in code, whatever the tool. */
export const codeFile = /(?<!\.d)\.[cm]?[jt]s$/

const mark = 'partywall-migration='

let hook: ReturnType<typeof nodeModule.registerHooks> | undefined

type Hooks = Parameters<typeof nodeModule.registerHooks>[0]

/** TypeScript files that migrations import. Those in node_modules are not the project's own. */
const helpers = new Set<string>()

const resolve: NonNullable<Hooks['resolve']> = (specifier, context, nextResolve) => {
  const { parentURL } = context
  const isOurs = parentURL !== undefined && (parentURL.includes(`?${mark}`) || helpers.has(parentURL))
  const found = isOurs ? firstOf(specifier, (written) => nextResolve(written, context)) : nextResolve(specifier, context)
  if (isOurs && /^file:.*\.m?ts$/.test(found.url) && !found.url.includes('/node_modules/')) helpers.add(found.url)
  return found
}

/** A file beside may be named without its ending, or with that of the compiled file, and a folder may stand for its index. */
function firstOf<T>(specifier: string, find: (written: string) => T): T {
  try {
    return find(specifier)
  } catch (error) {
    if (!/^\.\.?(?:\/|$)/.test(specifier)) throw error
    for (const written of [...endings.map((ending) => specifier + ending), specifier.replace(/\.([cm]?)js$/, '.$1ts')]) {
      try {
        return find(written)
      } catch {
        // The first error names the file as it is written.
      }
    }
    throw error
  }
}

const endings = ['.ts', '.js', '.mts', '.mjs', '.cts', '.cjs', '/index.ts', '/index.js']

const load: NonNullable<Hooks['load']> = (url, context, nextLoad) => {
  const isMigration = url.includes(`?${mark}`)
  if (!isMigration && !helpers.has(url)) return nextLoad(url, context)
  const path = fileURLToPath(url)
  if (!/\.m?[jt]s$/.test(path)) return nextLoad(url, context)
  const source = readFileSync(path, 'utf8')
  const isModule = isModuleText(source)
  const isWronglyModule = isMigration && isCommonJsText(source) && context.format?.startsWith('module') === true
  if (!isModule && !isWronglyModule) return nextLoad(url, context)
  const script = path.endsWith('ts') ? withoutTypes(source) : source
  return { format: 'module', source: isModule ? script : asModule(script, path), shortCircuit: true }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}

function fixFor(error: unknown): string {
  const { code } = error as { code?: unknown }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Node.js runs TypeScript by removing the types, and cannot do that with all of its syntax. Write it without decorators and the like, or give the folder of the compiled files.'
  }
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return 'Node.js knows no `paths` of tsconfig.json: write the path of the file, or give the folder of the compiled files.'
  }
  if (error instanceof SyntaxError || messageOf(error).includes('in ES module scope')) {
    return 'Node.js runs the file without a compiler: write `import type` for types, and do not mix `import` with `module.exports`; or give the folder of the compiled files.'
  }
  return 'Its top level must run without a database.'
}
