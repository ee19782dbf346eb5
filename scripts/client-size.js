// Refuses pages of the console that have grown too large: what an operator's browser loads over a slow line. They must be built before.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'

/** Bytes, gzipped: all scripts and styles together, and what the first page loads at once. */
const limits = { all: 200_000, first: 120_000 }

const folder = resolve(import.meta.dirname, '../packages/console/dist/client')
const sizeOf = (name) => gzipSync(readFileSync(join(folder, name))).length
const html = readFileSync(join(folder, 'index.html'), 'utf8')
const names = readdirSync(join(folder, 'assets')).map((name) => `assets/${name}`)
const sizes = {
  all: names.reduce((sum, name) => sum + sizeOf(name), 0),
  first: [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].reduce((sum, [, name]) => sum + sizeOf(name), 0),
}
console.log(`the pages of the console: ${sizes.all} bytes gzipped in ${names.length} files, ${sizes.first} for the first page`)
for (const [what, limit] of Object.entries(limits))
  if (sizes[what] > limit || sizes[what] === 0)
    throw new Error(`The pages of the console have ${sizes[what]} bytes (${what}); scripts/client-size.js allows ${limit}.`)
