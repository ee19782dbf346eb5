/** Every relative link in the README files and in docs/ leads to a file that is there, and every anchor to a heading or an `<a id>` of it. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const docs = (await readdir(join(root, 'docs'), { recursive: true }))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'packages/partywall/README.md',
  'packages/create-partywall/README.md',
  'bench/RESULTS.md',
  'examples/polls/README.md',
  'examples/workspaces/README.md',
  ...docs,
]

test.each(pages)('%s has no dead link', async (page) => {
  expect(await deadLinks(page, await readFile(join(root, page), 'utf8'))).toEqual([])
})

test('every page of docs/ is in the README', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  expect(docs.filter((page) => !readme.includes(`](${page})`))).toEqual([])
})

test('a dead link is found', async () => {
  const text =
    '[a](errors.md), [b](errors.md#no_tenant), [c](errors.md#NO_TENANT), [d](no-page.md), [e](errors.md#No_Tenant), [f](https://example.com)'
  expect(await deadLinks('docs/page.md', text)).toEqual(['no-page.md', 'errors.md#No_Tenant'])
})

async function deadLinks(page: string, text: string): Promise<string[]> {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!).filter((link) => !/^[a-z]+:/.test(link))
  const dead = await Promise.all(links.map(async (link) => ((await isAlive(page, link)) ? [] : [link])))
  return dead.flat()
}

async function isAlive(page: string, link: string): Promise<boolean> {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? join(root, page) : join(root, dirname(page), path)
  if (relative(root, file).startsWith('..') || !existsSync(file)) return false
  if (anchor === undefined) return true
  const text = await readFile(file, 'utf8')
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => slug(heading!))
  const ids = [...text.matchAll(/^<a id="([^"]+)"><\/a>$/gm)].map(([, id]) => id!)
  return [...headings, ...ids].includes(anchor)
}

/** As GitHub makes them. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}
