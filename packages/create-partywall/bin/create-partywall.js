#!/usr/bin/env node
// Starts the build where the package is installed, and the TypeScript sources in a checkout of its repository. Plain JavaScript, because
// the Node.js that starts it may be too old for more.
import { existsSync } from 'node:fs'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 18)) {
  const sources = new URL('../src/main.ts', import.meta.url)
  // Node.js does not run TypeScript below node_modules.
  const isCheckout = !import.meta.url.includes('/node_modules/') && existsSync(sources)
  const { main } = await import(isCheckout ? sources.href : '../dist/main.js')
  await main(process.argv.slice(2))
} else {
  console.error(`create-partywall needs Node.js 22.18 or newer; this is ${process.version}.`)
  process.exitCode = 1
}
