/** Every project that is offered: its files are formatted, and fit together by their types. scripts/check-starters.js installs and starts them. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { everyChoice, keysOf, orms } from '../src/choices.ts'
import { projectFiles } from '../src/project.ts'
import { choiceOf, repository, run, scratch, writeFiles, writeProjects } from './starters.ts'

const choices = everyChoice()

test('every combination is offered', () => {
  expect(choices).toHaveLength(5 * 4 * 3)
})

/** Each framework with each sign-in, and each ORM with some of them: its files are the same in all projects. */
const covering = choices.filter(({ orm }, index) => keysOf(orms).indexOf(orm) === Math.floor(index / 12 + (index % 3)) % 4)

test('their types are right', async () => {
  expect(new Set(covering.map(({ framework, auth }) => `${framework} ${auth}`)).size).toBe(5 * 3)
  expect(new Set(covering.map(({ orm }) => orm)).size).toBe(4)
  const folder = await scratch()
  await writeProjects(folder, covering)
  // For all of them at once: what the tsconfig.json of each project has in common with the others, or the others do not mind.
  const compilerOptions = {
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['dom', 'dom.iterable', 'esnext'],
    jsx: 'react-jsx',
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    erasableSyntaxOnly: false,
    exactOptionalPropertyTypes: false,
  }
  const config = {
    extends: join(repository, 'tsconfig.json'),
    compilerOptions,
    include: ['*/src', '*/test', '*/*.ts'],
    exclude: [],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const { output } = await run(folder, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', '.'])
  expect(output).toBe('')
})

test('their files are formatted as ours are', async () => {
  // Outside of the repository, where git ignores no scratch folder.
  const folder = await mkdtemp(join(tmpdir(), 'starters-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFiles(folder, choices)
  await cp(join(repository, '.oxfmtrc.json'), join(folder, '.oxfmtrc.json'))
  const { code, output } = await run(folder, [join(repository, 'node_modules/oxfmt/bin/oxfmt'), '--check', '.'])
  expect(output).toContain('All matched files use the correct format')
  expect(code).toBe(0)
})

test('nothing of the templates is left in them', async () => {
  for (const choice of choices) {
    for (const [path, text] of projectFiles(choice)) {
      expect([path, /\{\{|^\s*(?:\/\/|#|<!--)\?/m.exec(text)?.[0]]).toEqual([path, undefined])
      expect([path, /\n{3}|[ \t]\n/.exec(text)?.[0]]).toEqual([path, undefined])
      expect([path, text === '' || text.endsWith('\n')]).toEqual([path, true])
    }
  }
})

test('a file that is not of the choice is not there', () => {
  expect(pathsOf('express-pg-none')).toEqual([
    '.dockerignore',
    '.env.example',
    '.gitignore',
    'Dockerfile',
    'README.md',
    'migrations/shared/.gitkeep',
    'migrations/tenant/0001_projects.sql',
    'package.json',
    'partywall.config.ts',
    'src/app.ts',
    'src/main.ts',
    'src/prepare.ts',
    'src/projects.ts',
    'src/tenancy.ts',
    'src/title.ts',
    'test/projects.test.ts',
    'tsconfig.json',
  ])
  expect(pathsOf('next-prisma-better-auth')).toEqual(
    expect.arrayContaining(['prisma/schema.prisma', 'src/app/api/auth/[...all]/route.ts', 'src/proxy.ts']),
  )
})

test('the package.json of a project has what it imports, and nothing else', async () => {
  for (const choice of choices) {
    const files = projectFiles(choice)
    const { dependencies, devDependencies } = JSON.parse(files.get('package.json')!)
    const imported = new Set(
      [...files].flatMap(([path, text]) =>
        /\.tsx?$/.test(path)
          ? [...text.matchAll(/(?:from|^import) '((?:@[\w-]+\/)?[\w-]+)[^']*'/gm)]
              .map(([, name]) => name!)
              .filter((name) => name !== 'node')
          : [],
      ),
    )
    for (const name of imported) expect({ ...dependencies, ...devDependencies }).toHaveProperty([name])
    // What others need at run time, without an import in the project.
    const silent = ['pg', 'jose', 'kysely', 'better-auth', '@better-auth/core', '@prisma/client', 'next', 'react', 'react-dom']
    const platform = ['@nestjs/platform-express', 'reflect-metadata', 'rxjs']
    expect(Object.keys(dependencies).filter((name) => !imported.has(name) && ![...silent, ...platform].includes(name))).toEqual(
      [],
    )
  }
})

test('the Dockerfile starts a file that is there', async () => {
  for (const choice of choices) {
    const files = projectFiles(choice)
    const [, path] = /"([^"]+\.(?:ts|js))"\]/.exec(files.get('Dockerfile')!)!
    expect([...files.keys()]).toContain(path!.replace(/^dist\//, '').replace(/\.js$/, '.ts'))
  }
})

test('the migration of Better Auth is what its options need', async () => {
  const { betterAuthSql } = await import('../../partywall/src/auth/better-auth/better-auth.ts')
  const options = { emailAndPassword: { enabled: true, disableSignUp: true } }
  const files = projectFiles(choices.find(({ auth }) => auth === 'better-auth')!)
  expect(files.get('src/auth.ts')).toContain('{ emailAndPassword: { enabled: true, disableSignUp: true } }')
  expect(files.get('migrations/tenant/0002_users.sql')).toBe(await betterAuthSql(options))
})

test('the versions are those that this repository tests with', async () => {
  const { typescriptOfNext, versions } = await import('../src/versions.ts')
  const { devDependencies } = await readJson('package.json')
  const { version: partywall } = await readJson('packages/partywall/package.json')
  const others = { '@better-auth/core': devDependencies['better-auth'], partywall }
  for (const [name, range] of Object.entries(versions)) {
    const tested = { ...devDependencies, ...others }[name] ?? (await readJson(`node_modules/${name}/package.json`)).version
    expect([name, range.replace('^', '')]).toEqual([name, tested])
  }
  expect(typescriptOfNext.replace('^', 'npm:typescript@')).toBe(devDependencies['typescript-v6'])
})

function pathsOf(name: string): string[] {
  return [...projectFiles(choiceOf(name)).keys()]
}

async function readJson(path: string) {
  return JSON.parse(await readFile(join(repository, path), 'utf8'))
}
