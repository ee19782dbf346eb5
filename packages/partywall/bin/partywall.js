#!/usr/bin/env node
// Starts the command line: the build where partywall is installed; the TypeScript sources in a checkout of its repository, so that
// `npx partywall` works there right after `npm ci`. Plain JavaScript, because the Node that starts it may be too old for more.
import { existsSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'

const sources = new URL('../src/cli/main.ts', import.meta.url)
const repositoryNode = new URL('../../../scripts/node.js', import.meta.url)
// Node does not run TypeScript below node_modules, so an installed package never uses the sources.
const isCheckout = !import.meta.url.includes('/node_modules/') && existsSync(sources)
const [major, minor] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 18)) {
  // Halves the time until the first output.
  nodeModule.enableCompileCache()
  hideTypeStrippingWarning()
  if (isCheckout) useSources()
  const { main } = await import(isCheckout ? sources.href : '../dist/cli/main.js')
  await main(process.argv.slice(2))
} else if (isCheckout && existsSync(repositoryNode)) {
  const { runNode } = await import(repositoryNode.href)
  runNode([fileURLToPath(import.meta.url), ...process.argv.slice(2)])
} else {
  console.error(`partywall needs Node.js 22.18 or newer; this is ${process.version}.`)
  process.exitCode = 1
}

/** Node 22 warns at each start that it runs TypeScript, which does not concern the caller of a command. */
function hideTypeStrippingWarning() {
  const emitWarning = process.emitWarning
  process.emitWarning = (warning, ...rest) => {
    if (!String(warning).startsWith('Type Stripping')) emitWarning.call(process, warning, ...rest)
  }
}

/** `import 'partywall'`, in our files and in a config, resolves to the sources. */
function useSources() {
  nodeModule.registerHooks({
    resolve(specifier, context, nextResolve) {
      const conditions = [...context.conditions, '@partywall/source']
      // For a `require`, Node 22 passes a Set and requires one back.
      return nextResolve(specifier, {
        ...context,
        conditions: Array.isArray(context.conditions) ? conditions : new Set(conditions),
      })
    },
  })
}
