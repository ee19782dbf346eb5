/**
 * Every import of the docs works in plain Node.js. A CommonJS package has only those named exports that Node.js finds in its text, and
 * vitest and tsc see more of them: both accept `import { knex } from 'knex'`, which is a SyntaxError for a reader. So each import is put
 * into a file of its own, and one Node.js process loads them all.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { root } from './declarations.ts'

/** Packages of the docs that this repository does not install, with the reason. */
const notInstalled: Readonly<Record<string, string>> = {}

/** Packages whose subpaths are found by their own bundler, and not by Node.js. */
const forBundlers: Readonly<Record<string, string>> = {
  next: 'next/cache and others have no entry for Node.js; test/http/next builds an app with the adapter',
}

const notTried = { ...notInstalled, ...forBundlers }

const pages = await pagesWithImports()
const problems = await problemsOf(pages)

test('the pages with imports are found', () => {
  expect(pages.length).toBeGreaterThan(15)
})

test.each(pages)('every import of $path works in plain Node.js', ({ path, imports }) => {
  expect(problems.tried[path]).toBe(imports.length)
  expect(problems.found[path] ?? []).toEqual([])
})

test('an import that plain Node.js refuses is found, by its line', async () => {
  const page = [
    '- a point',
    '',
    '  ```js',
    '  import {',
    '    knex,',
    "  } from 'knex'",
    "  import express from 'express'",
    '  ```',
  ]
  const imports = importsOf(page.join('\n'))
  expect(imports.map(({ line }) => line)).toEqual([4, 7])
  const { found } = await problemsOf([
    { path: 'page.md', imports },
    { path: 'other.md', imports: imports.slice(1) },
  ])
  expect(found).toEqual({ 'page.md': [expect.stringMatching(/^page\.md:4: .*'knex' -> SyntaxError/s)] })
})

test('a package that is not installed is found, too', async () => {
  const imports = importsOf("```ts\nconst { x } = require('partywall-no-such-package')\nawait import('partywall/none')\n```")
  const { found } = await problemsOf([{ path: 'page.md', imports }])
  expect(found['page.md']).toEqual([expect.stringContaining('page.md:2: '), expect.stringContaining('page.md:3: ')])
})

test('the list of packages that are not installed has no package that is', async () => {
  const installed = await readdir(join(root, 'node_modules'))
  expect(Object.keys(notInstalled).filter((name) => installed.includes(name))).toEqual([])
})

interface Page {
  readonly path: string
  readonly imports: readonly Import[]
}

interface Import {
  readonly line: number
  readonly text: string
  /** Of a CommonJS file. */
  readonly isRequire: boolean
}

async function pagesWithImports(): Promise<Page[]> {
  const docs = (await readdir(join(root, 'docs'), { recursive: true })).map((name) => `docs/${name}`)
  const examples = (await readdir(join(root, 'examples'))).map((name) => `examples/${name}/README.md`)
  const paths = ['README.md', 'SECURITY.md', 'packages/partywall/README.md', ...examples, ...docs].filter((path) =>
    path.endsWith('.md'),
  )
  const all = await Promise.all(
    paths.toSorted().map(async (path) => ({ path, imports: importsOf(await readFile(join(root, path), 'utf8')) })),
  )
  return all.filter(({ imports }) => imports.length > 0)
}

/** The imports of the blocks of code, except those of files that the reader has (`./polls.ts`). */
function importsOf(markdown: string): Import[] {
  return [...markdown.matchAll(/^([ \t]*)```[cm]?[jt]sx?\n([\s\S]*?)^\1```/gm)].flatMap((block) => {
    const first = markdown.slice(0, block.index).split('\n').length + 1
    const lineOf = (index: number) => first + block[2]!.slice(0, index).split('\n').length - 1
    const statements = [...block[2]!.matchAll(/^[ \t]*(import\s(?:[^'"();]*?from\s*)?['"]([^'"]+)['"].*)$/gm)].map((found) => ({
      line: lineOf(found.index),
      text: found[1]!,
      from: found[2]!,
      isRequire: false,
    }))
    const calls = [...block[2]!.matchAll(/\b(require|import)\(\s*['"]([^'"]+)['"]\s*\)/g)].map((found) => ({
      line: lineOf(found.index),
      text: found[1] === 'require' ? found[0] : `await ${found[0]}`,
      from: found[2]!,
      isRequire: found[1] === 'require',
    }))
    return [...statements, ...calls].filter(({ from }) => !from.startsWith('.') && !(packageOf(from) in notTried))
  })
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** By page: how many imports Node.js tried, and what it says about those that it refuses. */
interface Problems {
  readonly tried: Readonly<Record<string, number>>
  readonly found: Readonly<Record<string, readonly string[]>>
}

/** Node.js strips the types itself, as it does for a reader. */
async function problemsOf(of: readonly Page[]): Promise<Problems> {
  await mkdir(join(root, '.partywall'), { recursive: true })
  const folder = await mkdtemp(join(root, '.partywall', 'docs-imports-'))
  try {
    const imports = of.flatMap((page) => page.imports.map((each) => ({ ...each, path: page.path })))
    const files = await Promise.all(
      imports.map(async ({ path, line, text, isRequire }, index) => {
        const file = `./${index}.${isRequire ? 'cts' : 'mts'}`
        await writeFile(join(folder, file), `${text}\n`)
        return [file, path, `${path}:${line}: ${text}`]
      }),
    )
    await writeFile(join(folder, 'all.mjs'), importAll(files))
    const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, join(folder, 'all.mjs')])
    return JSON.parse(stdout) as Problems
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A program that loads the files and prints those that fail. Its exit is its own: a library may keep a process alive. */
function importAll(files: readonly string[][]): string {
  return `
    const tried = {}
    const found = {}
    for (const [file, path, what] of ${JSON.stringify(files)}) {
      tried[path] = (tried[path] ?? 0) + 1
      await import(file).catch((error) => (found[path] ??= []).push(what + ' -> ' + error.name + ': ' + error.message))
    }
    process.stdout.write(JSON.stringify({ tried, found }), () => process.exit(0))`
}
