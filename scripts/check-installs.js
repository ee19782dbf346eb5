// Installs the packed package into apps that hold older libraries, with npm, pnpm and Yarn, and reads a tenant's row in each through the
// adapter of the library: an install that npm refuses, or a name that pnpm does not resolve, shows only here. The programs of the apps are
// in scripts/installs. The apps are made outside of the repository. Without a registry the check is skipped, and says so; with CI=true
// that is a failure. Give names to check some apps only: node scripts/check-installs.js typeorm yarn
import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import pg from 'pg'
import { fetchNode, oldestNode } from './other-node.js'
import { packPackage } from './packed-package.js'
import { isInRegistry } from './registry.js'
import { startDatabase } from './scratch-database.js'

const root = resolve(import.meta.dirname, '..')
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const { exports, peerDependencies } = JSON.parse(readFileSync(join(root, 'packages/partywall/package.json'), 'utf8'))
const newestNode = devDependencies.node
/** Too old for partywall. */
const oldNode = process.versions.node.startsWith('20.') ? process.versions.node : '20.20.2'

/** The oldest pg that the package accepts. */
/** The oldest that partywall accepts, and one that adapters share with libraries that bring pg themselves. */
const oldestPg = { pg: peerDependencies.pg.replace('^', '') }
const oldPg = { pg: '8.16.3' }
const newPg = { pg: devDependencies.pg }
const express = { express: '4.22.3', ...oldPg }
const nest = Object.fromEntries(['common', 'core', 'platform-express'].map((name) => [`@nestjs/${name}`, '11.1.9']))
const nest11 = { ...nest, rxjs: '7.8.2', 'reflect-metadata': '0.2.2', ...oldPg }
const drizzle = { 'drizzle-orm': '0.44.7', ...oldPg }
const mikroOrm = { '@mikro-orm/core': '6.6.16', '@mikro-orm/postgresql': '6.6.16', '@mikro-orm/migrations': '6.6.16', ...oldPg }
const prisma = { prisma: '6.19.3', '@prisma/client': '6.19.3', '@prisma/adapter-pg': '6.19.3', ...oldPg }

/** What an app must do: give the row of its tenant; where the library may be too old, refuse it with a TenancyError instead. */
const works = 'works'
const worksOrRefuses = 'works, or refuses the library'

/** The slowest first, so that two at a time end together. @type {App[]} */
const apps = [
  { manager: 'npm', dependencies: prisma, program: 'prisma.mjs', expected: worksOrRefuses },
  { manager: 'npm', dependencies: mikroOrm, program: 'mikro-orm.mjs', expected: worksOrRefuses },
  { manager: 'npm', dependencies: { typeorm: '0.3.31', ...oldPg }, program: 'typeorm.mjs', expected: worksOrRefuses },
  { manager: 'npm', dependencies: { slonik: '48.19.0', ...oldPg }, program: 'slonik.mjs', expected: worksOrRefuses },
  { manager: 'npm', dependencies: { knex: '3.1.0', ...oldPg }, program: 'knex.mjs', expected: worksOrRefuses },
  { manager: 'npm', dependencies: { kysely: '0.28.19', ...oldPg }, program: 'kysely.mjs', expected: worksOrRefuses },
  { manager: 'npm', dependencies: drizzle, program: 'drizzle.mjs', expected: worksOrRefuses },
  { manager: 'npm', dependencies: nest11, program: 'nest.cjs', expected: works, nodes: [newestNode, oldestNode] },
  { manager: 'npm', dependencies: express, program: 'express.mjs', expected: works, nodes: [newestNode, oldestNode] },
  { manager: 'npm', dependencies: newPg, program: 'bare.mjs', expected: works, nodes: [newestNode, oldestNode, oldNode] },
  { manager: 'npm', dependencies: oldestPg, program: 'bare.cjs', expected: works, nodes: [newestNode, oldestNode] },
  { manager: 'pnpm', dependencies: oldestPg, program: 'bare.mjs', expected: works },
  { manager: 'pnpm', dependencies: drizzle, program: 'drizzle.mjs', expected: worksOrRefuses },
  { manager: 'pnpm', dependencies: express, program: 'express.mjs', expected: works },
  { manager: 'yarn 1', dependencies: oldestPg, program: 'bare.mjs', expected: works },
  { manager: 'yarn pnp', dependencies: oldestPg, program: 'bare.mjs', expected: works },
  { manager: 'yarn pnp', dependencies: drizzle, program: 'drizzle.mjs', expected: worksOrRefuses },
]
/**
 * @typedef {{ manager: string, dependencies: Record<string, string>, program: string, expected: string, nodes?: string[] }} App
 */

/** Of the managers that are not in Node.js, from npm. By default, pnpm and Yarn refuse what is younger than a day. */
const tools = { pnpm: '12.21.0', yarn: '1.22.22', '@yarnpkg/cli-dist': '4.18.1' }
const managers = {
  npm: { install: ['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'] },
  pnpm: {
    install: ['pnpm/bin/pnpm.mjs', 'install', '--no-frozen-lockfile', '--ignore-scripts', '--prefer-offline'],
    settings: { npm_config_minimum_release_age: '0', pnpm_config_minimum_release_age: '0' },
  },
  'yarn 1': {
    // Yarn 1 knows a tarball by its name and version: its usual cache would give the package of the run before.
    install: [
      'yarn/bin/yarn.js',
      'install',
      '--non-interactive',
      '--ignore-scripts',
      '--no-progress',
      '--cache-folder',
      '../yarn',
    ],
    settings: { YARN_REGISTRY: registry() },
  },
  'yarn pnp': {
    install: ['@yarnpkg/cli-dist/bin/yarn.js', 'install'],
    run: ['@yarnpkg/cli-dist/bin/yarn.js', 'node'],
    settings: {
      YARN_NODE_LINKER: 'pnp',
      YARN_NPM_REGISTRY_SERVER: registry(),
      YARN_ENABLE_SCRIPTS: 'false',
      YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
      YARN_ENABLE_TELEMETRY: '0',
      YARN_NPM_MINIMAL_AGE_GATE: '0',
    },
  },
}

const wanted = process.argv.slice(2)
const chosen = apps.filter((app) => wanted.every((word) => nameOf(app).includes(word)))
if (!isInRegistry(`pg@${newPg.pg}`)) skip()
const nodes = new Map([newestNode, oldestNode, oldNode].map((version) => [version, fetchNode(version)]))
if ([...nodes.values()].includes(undefined) || !fetchTools()) skip()

const scratch = mkdtempSync(join(tmpdir(), 'partywall-installs-'))
// A package manager would go on without this program, so a signal that ends this program ends them, too.
const children = new Set()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(scratch, { recursive: true, force: true })
    process.exit(1)
  })
}
const results = []
const begun = performance.now()
try {
  const { tarball } = packPackage(scratch)
  const server = process.env.DATABASE_URL
    ? { url: process.env.DATABASE_URL, stop: async () => {} }
    : await startDatabase(join(scratch, 'database'))
  try {
    const queue = [...chosen.entries()]
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await check(...next, tarball, server.url)
    }
    await Promise.all([work(), work()])
  } finally {
    await server.stop()
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
report()

/** Installs one app and runs it on each of its Node.js versions. */
async function check(index, app, tarball, url) {
  const folder = join(scratch, `app-${index}`)
  const started = performance.now()
  const problem = await install(app, folder, tarball)
  const seconds = secondsSince(started)
  if (problem !== undefined) return void results.push({ app, node: '', result: 'not installed', seconds, problem })
  for (const node of app.nodes ?? [newestNode]) {
    const beginning = performance.now()
    const database = `partywall_installs_${process.pid}_${index}_${node.replaceAll('.', '_')}`
    const outcome = node === oldNode ? await runOnOldNode(folder) : await runApp(app, folder, node, url, database)
    results.push({ app, node, ...outcome, seconds: `${seconds} + ${secondsSince(beginning)}` })
  }
}

/** @returns {Promise<string | undefined>} the problem */
async function install({ manager, dependencies, program }, folder, tarball) {
  mkdirSync(join(folder, 'migrations'), { recursive: true })
  const manifest = {
    name: 'app',
    private: true,
    type: program.endsWith('.cjs') ? 'commonjs' : 'module',
    dependencies: { ...dependencies, partywall: `file:${tarball}` },
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(folder, 'migrations/0001_notes.sql'), 'create table notes (text text not null);')
  // Yarn takes a folder for a workspace of a project above it, unless it has a lockfile.
  if (manager === 'yarn pnp') writeFileSync(join(folder, 'yarn.lock'), '')
  for (const file of ['main.mjs', program]) copyFileSync(join(root, 'scripts/installs', file), join(folder, file))
  const attempt = () => run(managers[manager].install, { manager, folder, limitMs: 100_000 })
  const first = await attempt()
  // A connection to the registry that stands still says nothing of the package. An install takes some ten seconds.
  const { status, output } = first.status === 'SIGKILL' ? await attempt() : first
  if (status === 'SIGKILL') return `twice not done after 100 s:\n${output}`
  const complaints = output.split('\n').filter((line) => /partywall/.test(line) && /unmet|incorrect|peer|ERESOLVE/i.test(line))
  if (status !== 0) return output
  return complaints.length > 0 ? complaints.join('\n') : undefined
}

/** Runs the app with a database of its own. */
async function runApp({ manager, program, expected }, folder, node, url, database) {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  try {
    await admin.query(`create database ${database}`)
    const env = { DATABASE_URL: Object.assign(new URL(url), { pathname: `/${database}` }).href }
    const command = [...(managers[manager].run ?? [nodes.get(node)]), 'main.mjs', program]
    const { status, output } = await run(command, { manager, folder, node, env })
    return judge(status, output, expected)
  } finally {
    await admin.query(`drop database if exists ${database} with (force)`)
    await admin.end()
  }
}

function judge(status, output, expected) {
  const line = output.split('\n').find((text) => text.startsWith('{"'))
  if (status !== 0 || line === undefined) return { result: 'failed', problem: output }
  const { texts, code, message } = JSON.parse(line)
  if (texts === undefined)
    return { result: `refuses with ${code}`, problem: expected === works ? message : undefined, note: message }
  const isRight = texts.length === 1 && texts[0] === 'of acme'
  return isRight ? { result: 'works' } : { result: 'reads wrong rows', problem: line }
}

/** Each way into the package must end with the message about Node.js, and no other. */
async function runOnOldNode(folder) {
  const message = `partywall needs Node.js 22.18 or newer; this is v${oldNode}.`
  const ask = (...args) => run([nodes.get(oldNode), ...args], { manager: 'npm', folder, node: oldNode })
  const programs = ["import('partywall')", "import('partywall/express')", "require('partywall')"]
  for (const way of [...programs.map((program) => ['--eval', program]), ['node_modules/.bin/partywall']]) {
    const { status, output } = await ask(...way)
    if (status !== 1 || !output.includes(message) || /SyntaxError|ERR_/.test(output)) {
      return { result: 'failed', problem: `${way.join(' ')} ended with ${status}:\n${output}` }
    }
  }
  // The adapters, too; those whose library is not in this app do not get as far.
  const names = Object.keys(exports).flatMap((path) => (path.endsWith('.json') ? [] : join('partywall', path)))
  const program = `for (const name of ${JSON.stringify(names)}) await import(name).catch(({ message }) => console.log(name, message))`
  const { output } = await ask('--input-type=module', '--eval', program)
  const lines = output.trim().split('\n')
  const wrong = lines.filter((line) => !line.endsWith(message) && !line.includes('Cannot find package'))
  if (wrong.length > 0 || lines.length < names.length) return { result: 'failed', problem: output }
  return { result: 'says that Node.js is too old' }
}

/** Runs a program, or a package manager, on a Node.js. */
function run([command, ...args], { manager, folder, node = newestNode, env = {}, limitMs = 240_000 }) {
  const tool = join(root, '.partywall/managers/node_modules', command)
  const line = existsSync(tool) ? [nodes.get(node), tool, ...args] : [command, ...args]
  const path = [dirname(nodes.get(node)), process.env.PATH].join(delimiter)
  const child = spawn(line[0], line.slice(1), {
    cwd: folder,
    env: { ...process.env, ...managers[manager].settings, CI: '', NODE_OPTIONS: '', PATH: path, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  return new Promise((done) => {
    child.once('error', (error) => done({ status: 1, output: error.message }))
    child.once('close', (status, signal) => {
      clearTimeout(timer)
      children.delete(child)
      done({ status: status ?? signal, output })
    })
  })
}

/** Fetches the package managers that do not come with Node.js. */
function fetchTools() {
  const folder = join(root, '.partywall/managers')
  const manifest = JSON.stringify({ private: true, dependencies: tools })
  const file = join(folder, 'complete.json')
  if (existsSync(file) && readFileSync(file, 'utf8') === manifest) return true
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), manifest)
  try {
    execFileSync('npm', ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'], {
      cwd: folder,
    })
  } catch {
    return false
  }
  writeFileSync(file, manifest)
  return true
}

function registry() {
  return execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()
}

function skip() {
  console.error(`SKIPPED: ${chosen.map(nameOf).join('; ')}, because the npm registry does not answer.`)
  process.exit(process.env.CI === 'true' ? 1 : 0)
}

function nameOf({ manager, dependencies, program }) {
  const versions = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`)
  return `${manager}, ${program}: ${versions.join(', ')}`
}

function secondsSince(started) {
  return ((performance.now() - started) / 1000).toFixed(1)
}

function report() {
  const rows = results
    .toSorted((a, b) => apps.indexOf(a.app) - apps.indexOf(b.app))
    .map(({ app, node, result, seconds, problem }) => [
      problem === undefined ? 'ok' : 'FAILED',
      nameOf(app),
      node === '' ? '' : `Node.js ${node}`,
      result,
      `${seconds} s`,
    ])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)))
  for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  console.log(`${results.length} runs in ${secondsSince(begun)} s`)
  for (const { app, note } of results) if (note !== undefined) console.log(`${nameOf(app)}: ${note}`)
  const failures = results.filter(({ problem }) => problem !== undefined)
  for (const { app, node, problem } of failures) console.error(`\n${nameOf(app)}, Node.js ${node}:\n${problem}`)
  if (failures.length > 0) {
    console.error(`\n${failures.length} of ${results.length} failed: ${failures.map(({ app }) => nameOf(app)).join('; ')}`)
    process.exitCode = 1
  }
}
