/** `npm run docs`: the site of docs/ in site/dist, with the reference of the API and a search. Needs no network. */
import { join } from 'node:path'
import { build } from 'vitepress'
import { writeLlms } from './llms.ts'
import { writeReference } from './reference.ts'
import { stage } from './stage.ts'

const pages = await stage()
await writeReference()
// A page that would ask another origin is no page of ours.
await build(import.meta.dirname)
await writeLlms(pages, join(import.meta.dirname, 'dist'))
console.log(`The site is in site/dist: ${pages.length} pages, the reference, llms.txt. To look at it:  npm run docs:preview`)
