// Loaded before a test file of node-postgres: the file gets the installed packages instead of those of its own repository, and the pool and
// the client that are to be tested instead of pg's. All other files are left alone, so partywall itself still uses the real pg.
import { existsSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)
const source = process.env.NODE_POSTGRES_SOURCE
const here = (file) => new URL(file, import.meta.url).href
/** What a test file imports, by its path in the repository of node-postgres, and by the name of the package. */
const replaced = {
  pg: here('subject-pg.js'),
  'packages/pg/lib': here('subject-pg.js'),
  'packages/pg/lib/index.js': here('subject-pg.js'),
  'packages/pg/test/suite': here('recording-suite.cjs'),
  'packages/pg-pool': here('subject-pool.js'),
  'packages/pg-pool/index': here('subject-pool.js'),
}
const installed = { 'packages/pg-cursor': 'pg-cursor', 'packages/pg-query-stream/src': 'pg-query-stream' }

registerHooks({
  resolve(specifier, context, next) {
    const parent = context.parentURL?.startsWith('file:') ? fileURLToPath(context.parentURL) : ''
    if (!parent.startsWith(`${source}/packages/`)) return next(specifier, context)
    const path = specifier.startsWith('.') ? pathInSource(specifier, context.parentURL) : specifier
    if (Object.hasOwn(replaced, path)) return { url: replaced[path], shortCircuit: true }
    if (Object.hasOwn(installed, path)) return { url: installedUrl(installed[path], context), shortCircuit: true }
    if (path.startsWith('packages/pg/lib/'))
      return { url: installedUrl(path.slice('packages/'.length), context), shortCircuit: true }
    // TypeScript's imports of the suites have no extension.
    if (existsSync(`${source}/${path}.ts`)) return next(`${specifier}.ts`, context)
    return next(specifier, context)
  },
})

function installedUrl(name, { conditions }) {
  return conditions.includes('import') ? import.meta.resolve(name) : pathToFileURL(require.resolve(name)).href
}

function pathInSource(specifier, parentURL) {
  return relative(source, fileURLToPath(new URL(specifier, parentURL))).replace(/\/$/, '')
}
