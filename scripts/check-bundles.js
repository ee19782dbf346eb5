// Builds a Next.js app (Turbopack, output: 'standalone') with the packed package, and runs the output in a folder where no partywall is in
// sight. Next.js is installed for it from npm, outside of the repository; without a registry the check is skipped, and says so.
// What esbuild and webpack make of the package is tested in packages/partywall/test/package/bundled.test.ts.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findNode } from './node.js'
import { packPackage } from './packed-package.js'
import { isInRegistry } from './registry.js'
import { startDatabase } from './scratch-database.js'

const versions = { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1', pg: '8.23.1' }

const node = findNode()
if (!isInRegistry(`next@${versions.next}`)) {
  console.error(`SKIPPED: Turbopack was not tried, because the npm registry does not answer for next@${versions.next}.`)
  process.exit(0)
}
const scratch = mkdtempSync(join(tmpdir(), 'partywall-bundles-'))
try {
  const app = writeApp()
  install(app)
  build(app)
  await use(standaloneOf(app))
  console.log(
    `bundled by Turbopack (Next.js ${versions.next}, standalone), partywall installs its catalog and keeps tenants apart`,
  )
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function writeApp() {
  const app = join(scratch, 'app')
  write(join(app, 'package.json'), JSON.stringify({ name: 'shop', private: true, type: 'module', dependencies: versions }))
  write(
    join(app, 'next.config.js'),
    `export default {
       output: 'standalone',
       outputFileTracingRoot: import.meta.dirname,
       outputFileTracingIncludes: { '/*': ['./migrations/**', './node_modules/libpg-query/**', './node_modules/@pgsql/types/**'] },
     }`,
  )
  write(join(app, 'app/layout.js'), 'export default ({ children }) => <html><body>{children}</body></html>')
  write(
    join(app, 'app/notes/route.js'),
    `import { createTenancy, isTenancyError } from 'partywall'
     export const dynamic = 'force-dynamic'
     const tenancy = createTenancy({ database: process.env.DATABASE_URL, migrations: { shared: false, tenant: 'migrations' } })
     export async function POST(request) {
       const schema = request.headers.get('x-tenant')
       await tenancy.tenants.create({ schema })
       await tenancy.run(schema, () => tenancy.pool.query('insert into notes (text) values ($1)', ['of ' + schema]))
       return new Response(null, { status: 201 })
     }
     export async function GET(request) {
       try {
         const { rows } = await tenancy.run(request.headers.get('x-tenant'), () => tenancy.pool.query('select text, done from notes'))
         return Response.json({ pool: tenancy.pool.constructor.name, rows })
       } catch (error) {
         if (!isTenancyError(error)) throw error
         return Response.json({ code: error.code, message: error.message }, { status: 500 })
       }
     }`,
  )
  write(join(app, 'migrations/0001_notes.sql'), 'create table notes (text text not null);')
  write(
    join(app, 'migrations/0002_done.mjs'),
    `export async function up({ client }) { await client.query('alter table notes add done boolean not null default false') }`,
  )
  return app
}

function install(app) {
  const { tarball } = packPackage(scratch)
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], {
    cwd: app,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function build(app) {
  const { status, stdout, stderr } = spawnSync(node, [join(app, 'node_modules/next/dist/bin/next'), 'build'], {
    cwd: app,
    encoding: 'utf8',
    // Without CI: Next.js warns there that it found no build cache, and every warning is a failure here.
    env: { ...process.env, CI: '', NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
  })
  const output = stdout + stderr
  const said = output.split('\n').filter((line) => /warn|⚠/i.test(line))
  if (status !== 0 || said.length > 0) throw new Error(`next build ended with ${status}:\n${output}`)
}

/** What a container would hold. The folder in which it was built is gone. */
function standaloneOf(app) {
  const folder = join(scratch, 'standalone')
  renameSync(join(app, '.next/standalone'), folder)
  rmSync(app, { recursive: true, force: true })
  // Next.js copies single files that it takes for assets; what is bundled must do without.
  rmSync(join(folder, 'node_modules/partywall'), { recursive: true, force: true })
  return folder
}

async function use(folder) {
  const database = await startDatabase(join(scratch, 'database'))
  try {
    await withServer(folder, { DATABASE_URL: database.url }, async (ask) => {
      for (const tenant of ['acme', 'globex']) await ask('POST', tenant, 201)
      for (const tenant of ['acme', 'globex']) {
        const seen = await ask('GET', tenant, 200)
        const right = JSON.stringify({ pool: 'TenantPool', rows: [{ text: `of ${tenant}`, done: false }] })
        if (seen !== right) throw new Error(`${tenant} sees ${seen} in place of ${right}`)
      }
    })
    await withServer(folder, {}, async (ask) => {
      const seen = await ask('GET', 'acme', 500)
      if (!/EMBEDDED_FAILED.*NODE_ENV.*DATABASE_URL/.test(seen)) throw new Error(`without a database it says ${seen}`)
    })
  } finally {
    await database.stop()
  }
}

async function withServer(folder, settings, work) {
  const port = await freePort()
  const { PATH, HOME } = process.env
  const env = { PATH, HOME, NODE_ENV: 'production', PORT: String(port), HOSTNAME: '127.0.0.1', ...settings }
  const child = spawn(node, ['server.js'], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise((done) => child.once('exit', done))
  try {
    await work(async (method, tenant, expected) => {
      const answer = await reach(`http://127.0.0.1:${port}/notes`, { method, headers: { 'x-tenant': tenant } })
      const text = await answer.text()
      if (answer.status !== expected) throw new Error(`${method} for ${tenant} was answered with ${answer.status}: ${text}`)
      return text
    })
  } finally {
    child.kill()
    await ended
  }
}

/** The server needs a moment until it listens. */
async function reach(url, init) {
  const deadline = Date.now() + 20_000
  for (;;) {
    try {
      return await fetch(url, init)
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(50)
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
