/**
 * Every TypeScript example in the README files and in docs/ compiles, and the first one of a README runs. Each is put into a file of its
 * own, at the same line as in its page, so that tsc's message `docs__express.md.12.ts(14,3)` is about line 14 of docs/express.md. What an
 * example may use without a declaration (a `tenancy`, an `app`, …) is in `globals` below. An example whose first line is `// tenant-scope.ts`
 * can be imported by the others of its page as './tenant-scope.ts'. Examples for a framework that is not installed here are marked
 * `typescript` or `tsx`, and are not compiled.
 */
import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

test('every example in the docs compiles', async () => {
  const pages = await Promise.all(
    (await pagePaths()).map(async (path) => [path, await readFile(join(root, path), 'utf8')] as const),
  )
  const examples = pages.flatMap(([path, text]) => examplesOf(path, text))
  expect(examples.length).toBeGreaterThan(20)
  expect(await compile(examples)).toBe('')
}, 120_000)

test('one that does not is found, by its line', async () => {
  const page = [
    '# Page',
    '',
    '- a point',
    '',
    '  ```ts',
    "  import { createTenancy } from 'partywall'",
    '  createTenancy({ databse: 1 })',
    '  ```',
  ]
  const [example] = examplesOf('docs/page.md', page.join('\n'))
  expect(example!.name).toBe('docs__page.md.6.ts')
  expect(await compile([example!])).toContain('docs__page.md.6.ts(7,')
}, 120_000)

test.each(['README.md', 'packages/partywall/README.md'])('the first example of %s runs, twice', async (path) => {
  const { url } = await testDatabase()
  const [example] = examplesOf(path, await readFile(join(root, path), 'utf8'))
  const folder = await exampleFolder()
  await writeFile(join(folder, example!.name), example!.text)
  const row = "{ body: 'a note of Acme' }"
  expect(run(join(folder, example!.name), url)).toBe(`[ ${row} ]\nNO_TENANT\n`)
  expect(run(join(folder, example!.name), url)).toBe(`[ ${row}, ${row} ]\nNO_TENANT\n`)
})

interface Example {
  readonly name: string
  readonly text: string
}

async function pagePaths(): Promise<string[]> {
  const docs = (await readdir(join(root, 'docs'), { recursive: true }))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
  const others = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'packages/partywall/README.md',
    'examples/polls/README.md',
  ]
  return [...others, ...docs.toSorted()]
}

function examplesOf(path: string, markdown: string): Example[] {
  const examples = [...markdown.matchAll(/^([ \t]*)```ts\n([\s\S]*?)^\1```/gm)].map((block) => {
    const line = markdown.slice(0, block.index).split('\n').length + 1
    return { name: `${path.replaceAll('/', '__')}.${line}.ts`, text: `${'\n'.repeat(line - 1)}${block[2]}\nexport {}\n` }
  })
  const files = examples.flatMap(({ name, text }) => {
    const file = /^\n*\/\/ (\S+\.ts)\n/.exec(text)?.[1]
    return file === undefined ? [] : [{ file, name }]
  })
  return examples.map(({ name, text }) => ({ name, text: files.reduce(importedByName, text) }))
}

function importedByName(text: string, { file, name }: { file: string; name: string }): string {
  return text.replaceAll(`from './${file}'`, `from './${name}'`)
}

/** What tsc says about them; nothing when all is well. */
async function compile(examples: readonly Example[]): Promise<string> {
  const folder = await exampleFolder()
  await writeFile(join(folder, 'globals.d.ts'), globals)
  await copyFile(join(root, 'examples/polls/partywall.config.ts'), join(folder, 'partywall.config.ts'))
  for (const { name, text } of examples) await writeFile(join(folder, name), text)
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, noImplicitReturns: false },
    include: ['*.ts'],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--pretty', 'false'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  )
  return stdout + stderr
}

/** What the program prints. */
function run(file: string, url: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, file], {
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: url },
  })
  return stdout + stderr
}

/** Inside of the repository, so that `import 'partywall'` is found. */
async function exampleFolder(): Promise<string> {
  await mkdir(join(root, '.partywall'), { recursive: true })
  const folder = await mkdtemp(join(root, '.partywall', 'docs-examples-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** What an example may use without a declaration. An import of the same name in the example goes before it. */
const globals = `import type { Server } from 'node:http'
import type { Express, RequestHandler } from 'express'
import type * as partywall from 'partywall'
import type * as adapter from 'partywall/express'

declare global {
  const tenancy: partywall.Tenancy<{ plan: 'free' | 'pro' }, { plan?: 'free' | 'pro' }>
  const app: Express
  const server: Server
  const tenantScope: typeof adapter.tenantScope
  const requireShared: typeof adapter.requireShared
  const requireTenant: typeof adapter.requireTenant
  const requireMember: typeof adapter.requireMember
  const memberOf: typeof adapter.memberOf
  const signUp: RequestHandler
  const projects: RequestHandler
  type RequestFacts = partywall.RequestFacts
}
`
