/**
 * Imports a migration of another tool that is code. Node.js itself runs it, and strips the types of TypeScript. Two habits of these tools
 * would fail there, and are supported: a file that is an ES module by its text, in a package that says "commonjs" (the loaders of these tools
 * ignore that); and an import of types without the word `type` (TypeORM generates such files).
 */
import { readFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { importUnbundled } from '../../../import-unbundled.js'
import { invalidMigration } from './migration-file.ts'

/** What the module exports, with the properties of a default export. Its top level runs, once for each process and content. */
export async function importMigration(path: string, checksum: string): Promise<Record<string, unknown>> {
  hook ??= nodeModule.registerHooks({ load })
  try {
    const module = (await importUnbundled(`${pathToFileURL(path).href}?${mark}${checksum}`)) as Record<string, unknown>
    // The exports of CommonJS are the default export, and so is `export default { up }`.
    const inside = module['default']
    return typeof inside === 'object' && inside !== null ? { ...(inside as object), ...module } : module
  } catch (error) {
    throw invalidMigration(path, `cannot be imported: ${messageOf(error)}. ${fixFor(error)}`, error)
  }
}

/** Files that hold migrations in code, whatever the tool. */
export const codeFile = /(?<!\.d)\.[cm]?[jt]s$/

const mark = 'partywall-migration='

let hook: ReturnType<typeof nodeModule.registerHooks> | undefined

type LoadHook = NonNullable<Parameters<typeof nodeModule.registerHooks>[0]['load']>

const load: LoadHook = (url, context, nextLoad) => {
  if (!url.includes(`?${mark}`)) return nextLoad(url, context)
  const path = fileURLToPath(url)
  if (!/\.m?[jt]s$/.test(path)) return nextLoad(url, context)
  const source = readFileSync(path, 'utf8')
  if (!isModule(source)) return nextLoad(url, context)
  const isTypeScript = path.endsWith('ts')
  return {
    format: isTypeScript ? 'module-typescript' : 'module',
    source: isTypeScript ? withTypeImports(source) : source,
    shortCircuit: true,
  }
}

function isModule(source: string): boolean {
  return /^[ \t]*(?:import\b[ \t]*["'{*\w]|export\b)/m.test(source) && !/^[ \t]*(?:module\.)?exports\b/m.test(source)
}

/** The generator of TypeORM imports these types as if they were values. */
function withTypeImports(source: string): string {
  return source.replaceAll(/^[ \t]*import\s*\{([^}]*)\}\s*from\s*["']typeorm["']/gm, (statement, names: string) =>
    statement.replace(names, names.replaceAll(/(?<!type\s+)\b(?:MigrationInterface|QueryRunner)\b/g, 'type $&')),
  )
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}

function fixFor(error: unknown): string {
  const { code } = error as { code?: unknown }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Node.js runs TypeScript by removing the types, and cannot do that with enums, namespaces, decorators and parameter properties. Write it without them, or give the folder of the compiled files.'
  }
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return 'Node.js requires whole paths in imports, with the ending of the file; or give the folder of the compiled files.'
  }
  if (error instanceof SyntaxError || messageOf(error).includes('in ES module scope')) {
    return 'Node.js runs the file without a compiler: write `import type` for types, and do not mix `import` with `module.exports`; or give the folder of the compiled files.'
  }
  return 'Its top level must run without a database.'
}
