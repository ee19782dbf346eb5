// Packs the package as npm would publish it, asks publint and attw whether others can use it, and then uses it: as a project would
// that has installed it, with nothing of this repository's sources in sight.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findNode } from './node.js'
import { fetchNode, oldestNode } from './other-node.js'
import { consoleProblems, contentProblems, mapProblems, starterProblems } from './package-contents.js'
import { packPackage } from './packed-package.js'

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
  // The package has ES modules only, by design. attw warns that CommonJS cannot require them; Node.js 22.12 and newer can.
  run(bin('attw'), [tarball, '--ignore-rules', 'cjs-resolves-to-esm'])
  install(tarball)
  checkMaps(paths)
  compile()
  requireAll()
  use()
  checkStarter()
  checkConsole()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function pack() {
  const { tarball, packed } = packPackage(scratch)
  refuse(contentProblems(packed))
  console.log(`the package has ${packed.files.length} files, ${packed.size} bytes packed, ${packed.unpackedSize} unpacked`)
  return { tarball, paths: packed.files.map(({ path }) => path) }
}

function checkMaps(paths) {
  const all = new Set(paths)
  const maps = paths.filter((path) => path.endsWith('.map'))
  refuse(maps.flatMap((path) => mapProblems(path, JSON.parse(readFileSync(join(installed, path), 'utf8')), all)))
}

/** create-partywall: what it holds, and that the packed program writes a project. */
function checkStarter() {
  const { tarball, packed } = packPackage(scratch, 'create-partywall')
  refuse(starterProblems(packed))
  run(bin('publint'), ['run', tarball, '--strict'])
  // Its one dependency is found in the repository.
  const folder = join(scratch, 'node_modules/create-partywall')
  mkdirSync(folder, { recursive: true })
  run('tar', ['-xzf', tarball, '-C', folder, '--strip-components', '1'])
  run(findNode(), [join(folder, 'bin/create-partywall.js'), 'my-app', '--yes'], {
    cwd: scratch,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (!existsSync(join(scratch, 'my-app/.gitignore'))) throw new Error('create-partywall wrote no project')
  console.log(`create-partywall has ${packed.files.length} files, ${packed.size} bytes packed, and writes a project`)
}

/** @partywall/console: what it holds, and that the packed one serves its pages, beside the packed partywall. */
function checkConsole() {
  const { tarball, packed } = packPackage(scratch, 'console')
  refuse(consoleProblems(packed))
  run(bin('publint'), ['run', tarball, '--strict'])
  run(bin('attw'), [tarball, '--ignore-rules', 'cjs-resolves-to-esm'])
  const folder = join(scratch, 'node_modules/@partywall/console')
  mkdirSync(folder, { recursive: true })
  run('tar', ['-xzf', tarball, '-C', folder, '--strip-components', '1'])
  writeFileSync(
    join(scratch, 'console.mjs'),
    `import { console as consoleOf } from '@partywall/console'
     import { byHost, createTenancy } from 'partywall'
     const tenancy = createTenancy({ database: 'postgres://localhost:1/none', resolve: [byHost({ base: 'example.com' })] })
     const { fetch } = consoleOf(tenancy, { authorize: () => ({ id: 'ann', role: 'owner' }) })
     const page = await fetch(new Request('http://localhost/'))
     const [, script] = /src="\\.\\/(assets[^"]+)"/.exec(await page.text())
     const file = await fetch(new Request('http://localhost/' + script))
     console.log([page.status, file.status, (await file.text()).length > 1000].join())
     process.exit()`,
  )
  const answer = execFileSync(findNode(), ['console.mjs'], { cwd: scratch, encoding: 'utf8' })
  if (answer.trim() !== '200,200,true') throw new Error(`the packed console answered ${answer}`)
  console.log(`@partywall/console has ${packed.files.length} files, ${packed.size} bytes packed, and serves its pages`)
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
  writeFileSync(
    join(scratch, 'consumer.cts'),
    `import { createTenancy } from 'partywall'
     import express = require('partywall/express')
     export const middleware = express.tenantScope(createTenancy({}))`,
  )
  const common = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--types', 'node']
  for (const how of [
    ['consumer.ts', '--module', 'nodenext'],
    ['consumer.ts', '--module', 'esnext', '--moduleResolution', 'bundler'],
    ['consumer.cts', '--module', 'nodenext'],
    ['consumer.cts', '--module', 'node20'],
  ]) {
    run(bin('tsc'), [...common, ...how, '--ignoreConfig'], { cwd: scratch })
  }
}

/** Projects in CommonJS, as those of NestJS are, require the package: the same exports as for `import`, and no warning. */
function requireAll() {
  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  const names = Object.keys(exports).map((path) => join('partywall', path))
  writeFileSync(
    join(scratch, 'consumer.cjs'),
    `process.on('warning', (warning) => problems.push('a warning: ' + warning))
     const problems = []
     async function tryAll() {
       for (const name of ${JSON.stringify(names)}) {
         try {
           const required = require(name)
           if (name.endsWith('.json')) continue
           const missing = Object.keys(await import(name)).filter((key) => !(key in required))
           if (missing.length > 0) problems.push(name + ' lacks ' + missing.join(', '))
         } catch (error) {
           problems.push(name + ': ' + (error.code ?? '') + ' ' + error.message)
         }
       }
       setImmediate(() => console.log(JSON.stringify(problems)))
     }
     tryAll()`,
  )
  for (const node of [findNode(), fetchNode(oldestNode)]) {
    if (node === undefined) {
      console.error(`SKIPPED: require('partywall') on Node.js ${oldestNode}, because the npm registry does not answer.`)
      continue
    }
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
    const { stdout, stderr } = spawnSync(node, ['consumer.cjs'], { cwd: scratch, encoding: 'utf8' })
    const problems = stderr === '' ? JSON.parse(stdout) : [stderr]
    refuse(problems.map((problem) => `require on Node.js ${version}: ${problem}`))
    console.log(`require of all ${names.length} subpaths works on Node.js ${version}`)
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
