/**
 * The words that CONTRIBUTING.md asks to replace do not occur: a sentence names its actor and uses the terms of the field.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

const roots = [
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  'packages/partywall/README.md',
  'packages/partywall/CHANGELOG.md',
  'bench/RESULTS.md',
  '.changeset',
  'docs',
  'packages/partywall/src',
  'packages/partywall/test',
  'packages/partywall/bin',
  'packages/create-partywall',
  'examples',
  'bench',
  'scripts',
]

/** What to write instead is in CONTRIBUTING.md. A space also matches the end of a line in a comment. */
const forbidden = [
  'whoever',
  'somebody',
  'nobody',
  'anybody',
  'newcomer',
  'newcomers',
  'mend',
  'mends',
  'mended',
  'mending',
  'make good',
  'makes good',
  'made good',
  'go astray',
  'goes astray',
  'is believed',
  'are believed',
  'of now',
  'for ever',
  'anew',
  'at no moment',
  'unasked',
  'take-over',
  'take-overs',
  'whereabouts',
  'is told from',
  'are told from',
]

test('docs, sources and tests are in plain English', async () => {
  const files = await filesOf(roots)
  expect(files.length).toBeGreaterThan(300)
  const hits = await Promise.all(files.map(async (path) => [path, found(await readFile(join(root, path), 'utf8'))] as const))
  expect(Object.fromEntries(hits.filter(([, words]) => words.length > 0))).toEqual({})
})

test('a forbidden word is found, with its line', () => {
  const text = "/**\n * Somebody waits for\n * ever, and the scope of\n * now is nobody's.\n */\nconst recommended = 1"
  expect(found(text)).toEqual(['2: Somebody', '2: for ever', '3: of now', '4: nobody'])
})

test('a name in code quotes is not a word', () => {
  expect(found("as the user `postgres` or `nobody`, as in ['postgres', 'nobody']")).toEqual([])
})

/** The words that occur, each with the number of its line. */
function found(text: string): string[] {
  const gap = '(?:\\s|\\*|//)+'
  const words = forbidden.map((word) => word.replace(' ', gap)).join('|')
  // The apostrophe of "nobody's" is no quote.
  const hits = [...text.matchAll(new RegExp(`(['\`]?)\\b(${words})\\b(['\`]?)(?!s\\b)`, 'gi'))]
  return hits
    .filter(([, before, , after]) => before === '' || before !== after)
    .map(({ 2: word, index }) => `${text.slice(0, index).split('\n').length}: ${word!.replaceAll(new RegExp(gap, 'g'), ' ')}`)
}

/** What others wrote, what the build made, and this file, which must name the words. */
const passedOver = /(?:^|\/)(?:node_modules|dist|fixtures|\.partywall)\/|plain-english\.test\.ts$/

async function filesOf(paths: readonly string[]): Promise<string[]> {
  const files = await Promise.all(
    paths.map(async (path) => {
      if ((await stat(join(root, path))).isFile()) return [path]
      const names = await readdir(join(root, path), { recursive: true })
      return names.filter((name) => /\.(?:md|ts|js)$/.test(name) && !passedOver.test(name)).map((name) => `${path}/${name}`)
    }),
  )
  return files.flat().toSorted()
}
