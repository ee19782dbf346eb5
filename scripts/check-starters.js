// Makes every project that create-partywall offers, as a user does: the packed packages, npm install, npm test, npm start with the embedded
// PostgreSQL and the demo tenants, and once more with NODE_ENV=production and a database. All 60 take about an hour, one after another; the
// packages come from the registry, so without it the check is skipped, and says so; with CI=true that is a failure. Give names to check
// some only, and --jobs=2 for two at a time: npm run check:starters -- hono-drizzle-better-auth next-pg
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findNode } from './node.js'
import { packPackage } from './packed-package.js'
import { isInRegistry } from './registry.js'
import { startDatabase } from './scratch-database.js'

const node = findNode()
/** Without the variables by which npm would take the project for a part of this repository, and without its database. */
const foreign =
  /^(npm_(lifecycle|package|command|execpath|node_execpath|config_local_prefix)|INIT_CWD|NODE_ENV|PORT|(TEST_)?DATABASE_URL)/
const plain = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
  PATH: [dirname(node), process.env.PATH].join(delimiter),
  NEXT_TELEMETRY_DISABLED: '1',
  ...prismaWithoutDownload(),
}

const frameworks = ['express', 'fastify', 'hono', 'nest', 'next']
const orms = ['pg', 'drizzle', 'kysely', 'prisma']
const auths = ['none', 'better-auth', 'jwt']
const all = frameworks.flatMap((framework) =>
  orms.flatMap((orm) => auths.map((auth) => ({ name: `${framework}-${orm}-${auth}`, framework, orm, auth }))),
)
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const jobs = Number(process.argv.find((word) => word.startsWith('--jobs='))?.slice('--jobs='.length) ?? 1)
const chosen = all.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)))

if (!isInRegistry('@clack/prompts@1.9.0')) {
  console.error('SKIPPED: the starters, because the npm registry does not answer.')
  process.exit(process.env.CI ? 1 : 0)
}

const scratch = mkdtempSync(join(tmpdir(), 'partywall-starters-'))
const children = new Set()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const child of children) end(child, 'SIGKILL')
    rmSync(scratch, { recursive: true, force: true })
    process.exit(1)
  })
}

const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
const failed = []
const begun = performance.now()
let database
try {
  const { tarball } = packPackage(scratch)
  const { tarball: starter } = packPackage(scratch, 'create-partywall')
  const create = await installStarter(starter)
  database = await startDatabase(join(scratch, 'database'))
  const queue = [...chosen.entries()]
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await check(...next, { create, tarball })
  }
  await Promise.all(Array.from({ length: jobs }, work))
} finally {
  await database?.stop()
  rmSync(scratch, { recursive: true, force: true })
}
console.log(`${chosen.length - failed.length} of ${chosen.length} starters work, in ${secondsSince(begun)} s`)
if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`)
process.exitCode = failed.length > 0 ? 1 : 0

/** The program as npm installs it for `npm create`. */
async function installStarter(tarball) {
  const folder = join(scratch, 'starter')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  await run(folder, ['npm', 'install', ...quiet, tarball])
  return join(folder, 'node_modules/create-partywall/bin/create-partywall.js')
}

async function check(index, choice, { create, tarball }) {
  const { name, framework, orm, auth } = choice
  const folder = join(scratch, name)
  const times = {}
  const timed = async (step, work) => {
    const started = performance.now()
    await work().catch((error) => Promise.reject(new Error(`${step}: ${error.message}`)))
    times[step] = secondsSince(started)
  }
  try {
    await run(scratch, [node, create, name, '--framework', framework, '--orm', orm, '--auth', auth])
    usePacked(folder, tarball)
    await timed('install', () => run(folder, ['npm', 'install', ...quiet]))
    await timed('types', () => run(folder, framework === 'next' ? ['npm', 'run', 'build'] : ['npx', 'tsc', '--noEmit']))
    await timed('test', () => run(folder, ['npm', 'test']))
    await timed('start', () => withServer(folder, {}, (ask) => tryDemo(ask, auth)))
    await timed('production', () => tryProduction(folder, choice, `starter_${index}`))
    console.log(
      `${name}: ${Object.entries(times)
        .map(([step, seconds]) => `${step} ${seconds} s`)
        .join(', ')}`,
    )
  } catch (error) {
    failed.push(name)
    console.error(`${name}: FAILED in ${error.message}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The version that is not published yet. */
function usePacked(folder, tarball) {
  const path = join(folder, 'package.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  manifest.dependencies.partywall = `file:${tarball}`
  writeFileSync(path, JSON.stringify(manifest, null, 2))
}

/** Rows of each demo tenant, and none of the other. */
async function tryDemo(ask, auth) {
  const acme = await member(ask, auth, 'acme')
  const globex = await member(ask, auth, 'globex')
  await ask('POST', 'acme.localhost', '/api/projects', { headers: acme, body: { title: 'A roof' }, expected: 201 })
  const titles = async (tenant, headers) => {
    const { text } = await ask('GET', `${tenant}.localhost`, '/api/projects', { headers })
    return JSON.parse(text)
      .map(({ title }) => title)
      .join(', ')
  }
  expectSame(await titles('acme', acme), 'A wall, A door, A roof')
  expectSame(await titles('globex', globex), 'A tunnel')
  await ask('GET', 'localhost', '/api/projects', { expected: 404 })
  await ask('GET', 'initech.localhost', '/api/projects', { expected: 404 })
  if (auth === 'none') return
  await ask('GET', 'acme.localhost', '/api/projects', { expected: 401 })
  await ask('GET', 'globex.localhost', '/api/projects', { headers: acme, expected: 401 })
}

/** Headers of the demo user of a tenant. */
async function member(ask, auth, tenant) {
  if (auth === 'none') return {}
  const host = `${tenant}.localhost`
  const body = { email: `ada@${tenant}.example`, password: 'a demo password' }
  if (auth === 'jwt') {
    const { text } = await ask('POST', host, '/api/token', { body })
    return { authorization: `Bearer ${JSON.parse(text).accessToken}` }
  }
  const origin = (port) => ({ origin: `http://${host}:${port}` })
  const { cookies } = await ask('POST', host, '/api/auth/sign-in/email', { headers: origin, body })
  return (port) => ({ ...origin(port), cookie: cookies.map((line) => line.split(';')[0]).join('; ') })
}

/** As README.md says it: migrations first, then the app, which makes no demo tenants. */
async function tryProduction(folder, { auth }, name) {
  const url = Object.assign(new URL(database.url), { pathname: `/${name}` }).href
  await run(folder, [
    node,
    '--input-type=module',
    '--eval',
    `import pg from 'pg'
     const client = new pg.Client(${JSON.stringify(database.url)})
     await client.connect()
     await client.query('create database ${name}')
     await client.end()`,
  ])
  const env = { NODE_ENV: 'production', DATABASE_URL: url, BASE_DOMAIN: 'example.com', AUTH_SECRET: 'x'.repeat(44) }
  await run(folder, ['npx', 'partywall', 'migrate', '--no-input'], env)
  await run(folder, ['npx', 'partywall', 'tenant', 'create', 'acme', '--no-input'], env)
  if (auth !== 'none') await run(folder, ['npm', 'run', 'add-user', '--', 'acme', 'bob@acme.example'], env)
  await withServer(folder, env, async (ask) => {
    const { text } = await ask('GET', 'acme.example.com', '/api/projects', { expected: auth === 'none' ? 200 : 401 })
    if (auth === 'none') expectSame(text, '[]')
    await ask('GET', 'globex.example.com', '/api/projects', { expected: 404 })
  })
}

/** `npm start` on a free port, until it is ready; ended by SIGTERM, after which no process may be left. */
async function withServer(folder, env, work) {
  const port = await freePort()
  const child = start(folder, ['npm', 'start'], { ...env, PORT: String(port) })
  try {
    await ready(port, child)
    await work(async (method, host, path, { headers = {}, body, expected = 200 } = {}) => {
      const given = typeof headers === 'function' ? headers(port) : headers
      const answer = await send(port, { method, path, host, headers: given, body })
      if (answer.status === expected) return answer
      throw new Error(
        `${method} ${path} at ${host}: ${answer.status} in place of ${expected}: ${answer.text.slice(0, 500)}\n${child.output()}`,
      )
    })
  } finally {
    end(child, 'SIGTERM')
    const isOver = await Promise.race([child.ended.then(() => true), sleep(20_000, false, { ref: false })])
    if (!isOver) {
      end(child, 'SIGKILL')
      await child.ended
      // oxlint-disable-next-line no-unsafe-finally -- an app that does not stop is a failure as well
      throw new Error(`npm start did not stop within 20 s:\n${child.output()}`)
    }
  }
}

async function ready(port, child) {
  const deadline = Date.now() + 120_000
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await send(port, { method: 'GET', path: '/ready', host: 'localhost' }).catch(() => undefined)
    if (answer?.status === 200) return
    await sleep(200)
  }
  throw new Error(`npm start is not ready:\n${child.output()}`)
}

function send(port, { method, path, host, headers, body }) {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const given = { ...headers, host: `${host}:${port}`, ...(text !== undefined && { 'content-type': 'application/json' }) }
  return new Promise((done, fail) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers: given, agent: false }, async (res) => {
      const chunks = await res.toArray()
      done({ status: res.statusCode, text: Buffer.concat(chunks).toString(), cookies: res.headersDistinct['set-cookie'] ?? [] })
    })
    sent.on('error', fail)
    sent.end(text)
  })
}

/** @throws with the output of a command that fails */
async function run(folder, command, env = {}) {
  const child = start(folder, command, env)
  const code = await child.ended
  if (code !== 0) throw new Error(`${command.slice(0, 3).join(' ')} ended with ${code}:\n${child.output().slice(-6000)}`)
}

/** In a group of its own, so that what npm starts ends with it. */
function start(folder, [command, ...args], env) {
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...plain, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  children.add(child)
  const ended = new Promise((done, fail) => child.once('error', fail).once('close', done))
  ended.finally(() => children.delete(child)).catch(() => {})
  return Object.assign(child, { ended, output: () => output })
}

function end(child, signal) {
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It has ended by itself.
  }
}

/** `prisma generate` looks for an engine that a real install downloads, and never starts it. */
function prismaWithoutDownload() {
  const engine = join(mkdtempSync(join(tmpdir(), 'partywall-engine-')), 'engine.sh')
  writeFileSync(engine, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  process.on('exit', () => rmSync(dirname(engine), { recursive: true, force: true }))
  return { PRISMA_SCHEMA_ENGINE_BINARY: engine, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

function expectSame(seen, right) {
  if (seen !== right) throw new Error(`${seen} in place of ${right}`)
}

function secondsSince(started) {
  return Math.round((performance.now() - started) / 100) / 10
}
