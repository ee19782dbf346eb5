// The suites of node-postgres, and how one file of them runs against one of the two pools.
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findNode } from '../node.js'

/** A file that records nothing for this long is ended: a test that failed may have left a connection open. */
const silenceMs = 15_000
/** Counts as a test where a file has no others, and where it does not end as it should. */
export const wholeFile = 'the whole file'
const here = import.meta.dirname

export const suites = [
  {
    name: 'pg-pool',
    folder: 'packages/pg-pool/test',
    files: /\.js$/,
    not: /setup|idle-timeout-exit/,
    setup: 'packages/pg-pool/test/setup.js',
  },
  { name: 'pg-cursor', folder: 'packages/pg-cursor/test', files: /\.js$/, client: 'pooled' },
  { name: 'pg-query-stream', folder: 'packages/pg-query-stream/test', files: /\.ts$/, not: /helper/, client: 'pooled' },
  { name: 'pg', folder: 'packages/pg/test/integration', files: /-tests\.js$/, client: 'pooled', isPlain: true },
]

/** The files of a suite, by their paths below its folder. */
export function filesOf({ folder, files, not }, source) {
  return readdirSync(join(source, folder), { recursive: true })
    .filter((file) => files.test(file) && !not?.test(file))
    .toSorted()
}

/**
 * @param {string | undefined} only the title of the only test that is to run
 * @returns {Promise<Map<string, { state: string, message?: string }>>} what became of each test of one file, by its title
 */
export async function runFile(suite, file, { source, subject, environment, record, log }, only) {
  rmSync(record, { force: true })
  const mocha = join(source, 'node_modules/mocha/bin/_mocha')
  const options = ['--no-config', '--no-package', '--exit', '--timeout', '10000', '--reporter', join(here, 'mocha-reporter.cjs')]
  if (only !== undefined) options.push('--fgrep', only)
  const path = join(suite.folder, file)
  const program = suite.isPlain ? [path] : [mocha, ...options, ...(suite.setup ? [suite.setup] : []), path]
  const preload = ['--conditions=@partywall/source', '--import', pathToFileURL(join(here, 'preload.js')).href]
  const output = openSync(log, 'w')
  const child = spawn(findNode(), [...preload, ...program], {
    cwd: source,
    stdio: ['ignore', output, output],
    env: {
      ...process.env,
      ...environment,
      NODE_POSTGRES_SOURCE: resolve(source),
      NODE_POSTGRES_SUBJECT: subject,
      NODE_POSTGRES_CLIENT: suite.client,
      NODE_POSTGRES_RECORD: record,
      ...(only !== undefined && { NODE_POSTGRES_ONLY: only }),
    },
  })
  const size = () => statSync(record, { throwIfNoEntry: false })?.size
  let [last, since] = [size(), performance.now()]
  const timer = setInterval(() => {
    if (size() !== last) [last, since] = [size(), performance.now()]
    else if (performance.now() - since > silenceMs) child.kill('SIGKILL')
  }, 500)
  const end = await new Promise((done) => child.once('exit', (code, signal) => done(code ?? signal)))
  clearInterval(timer)
  closeSync(output)
  const lines = existsSync(record) ? readFileSync(record, 'utf8') : ''
  return outcomes(lines, end, () => `the process ended with ${end}\n${readFileSync(log, 'utf8').slice(-2000)}`)
}

function outcomes(lines, end, describe) {
  const tests = new Map()
  for (const line of lines.split('\n').filter(Boolean)) {
    const { state, title, message } = JSON.parse(line)
    tests.set(title, { state, message })
  }
  for (const test of tests.values()) if (test.state === 'started') test.state = 'failed'
  const hasFailed = [...tests.values()].some(({ state }) => state === 'failed')
  const isGood = end === 0 || (hasFailed && typeof end === 'number')
  if (!isGood || tests.size === 0) tests.set(wholeFile, { state: isGood ? 'passed' : 'failed', message: describe() })
  return tests
}
