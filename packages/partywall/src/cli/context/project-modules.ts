/**
 * How the files of a project are imported: its config and its migrations in TypeScript.
 *
 * `import 'partywall'` resolves to the copy that runs, also in a folder where it is not installed. A file that is written as an ES module
 * is loaded as one, whatever its package.json says, because `npm init` writes "type": "commonjs".
 */
import { readFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'

let isRegistered = false

export function useProjectModules(): void {
  if (isRegistered) return
  isRegistered = true
  nodeModule.registerHooks({
    resolve(specifier, context, nextResolve) {
      const isOurs = specifier === 'partywall' || specifier.startsWith('partywall/')
      const found = nextResolve(specifier, isOurs ? { ...context, parentURL: import.meta.url } : context)
      const format = formatOf(found)
      return format === undefined ? found : { ...found, format }
    },
  })
}

function formatOf({ url, format }: { url: string; format?: string | null | undefined }): string | undefined {
  const ending = /^file:.*\.([jt]s)$/.exec(url)?.[1]
  if (ending === undefined || format?.startsWith('module') || url.includes('/node_modules/')) return undefined
  if (!isWrittenAsModule(url)) return undefined
  return ending === 'ts' ? 'module-typescript' : 'module'
}

function isWrittenAsModule(url: string): boolean {
  try {
    return /^(?:import[\s{*"']|export[\s{*])/m.test(readFileSync(fileURLToPath(url), 'utf8'))
  } catch {
    // Node reports why the file cannot be read.
    return false
  }
}
