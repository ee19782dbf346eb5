// Packs the package as npm would publish it, asks publint and attw whether others can use it, and then uses it: as a project would
// that has installed it, with nothing of this repository's sources in sight.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findNode } from './node.js'
import { contentProblems, mapProblems } from './package-contents.js'

const root = resolve(import.meta.dirname, '..')
const workspace = join(root, 'packages/partywall')
// Below the repository, so that the dependencies of the package are found as if they were installed beside it.
mkdirSync(join(root, '.partywall'), { recursive: true })
const scratch = mkdtempSync(join(root, '.partywall', 'packed-'))
const installed = join(scratch, 'node_modules/partywall')
const bin = (name) => join(root, 'node_modules/.bin', name)
const run = (command, args, options) => execFileSync(command, args, { cwd: root, stdio: 'inherit', ...options })

try {
  const { tarball, paths } = pack()
  run(bin('publint'), ['run', tarball, '--strict'])
  // ESM only, by design: `require` of it works on Node 22 and newer.
  run(bin('attw'), [tarball, '--profile', 'esm-only'])
  install(tarball)
  checkMaps(paths)
  compile()
  use()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function pack() {
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', scratch], { cwd: workspace, encoding: 'utf8' })
  const parsed = JSON.parse(output)
  const packed = Array.isArray(parsed) ? parsed[0] : Object.values(parsed)[0]
  refuse(contentProblems(packed))
  console.log(`the package has ${packed.files.length} files, ${packed.size} bytes packed, ${packed.unpackedSize} unpacked`)
  return { tarball: join(scratch, packed.filename), paths: packed.files.map(({ path }) => path) }
}

function checkMaps(paths) {
  const all = new Set(paths)
  const maps = paths.filter((path) => path.endsWith('.map'))
  refuse(maps.flatMap((path) => mapProblems(path, JSON.parse(readFileSync(join(installed, path), 'utf8')), all)))
}

function refuse(problems) {
  if (problems.length === 0) return
  console.error(problems.join('\n'))
  throw new Error('the package is not what it should be')
}

function install(tarball) {
  mkdirSync(installed, { recursive: true })
  run('tar', ['-xzf', tarball, '-C', installed, '--strip-components', '1'])
  // Packages that npm installed beside the package itself, because the root has another version of them, are beside it here, too.
  const own = join(workspace, 'node_modules')
  for (const name of existsSync(own) ? readdirSync(own).filter((entry) => !entry.startsWith('.')) : []) {
    symlinkSync(join(own, name), join(scratch, 'node_modules', name), 'dir')
  }
}

function compile() {
  writeFileSync(
    join(scratch, 'consumer.ts'),
    `import { byHost, createTenancy, type Tenant } from 'partywall'
     import { tenantScope } from 'partywall/express'
     const tenancy = createTenancy({ resolve: [byHost({ base: 'example.com' })] })
     export const middleware = tenantScope(tenancy)
     export const current: Tenant = tenancy.current()
     // @ts-expect-error -- the types are there, so a typo does not compile
     createTenancy({ databse: 'x' })`,
  )
  const common = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--types', 'node', 'consumer.ts']
  for (const how of [
    ['--module', 'nodenext'],
    ['--module', 'esnext', '--moduleResolution', 'bundler'],
  ]) {
    run(bin('tsc'), [...common, ...how, '--ignoreConfig'], { cwd: scratch })
  }
}

/** A new project, a tenant and a statement, by the packed command line and its own embedded PostgreSQL. */
function use() {
  const env = { ...process.env, DATABASE_URL: '' }
  const partywall = (...args) =>
    execFileSync(findNode(), [join(scratch, 'node_modules/partywall/bin/partywall.js'), ...args, '--no-input', '--json'], {
      cwd: scratch,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  partywall('init')
  partywall('tenant', 'create', 'acme', '--name', 'Acme')
  const answer = partywall('sql', '--tenant', 'acme', 'select current_schema() as schema')
  if (!answer.includes('"acme"')) throw new Error(`the packed command line answered ${answer}`)
  console.log('the packed package works: init, tenant create, sql')
}
