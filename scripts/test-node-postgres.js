// Runs node-postgres' own suites against pg's pool and against partywall's: npm run test:node-postgres [-- --source <folder or git URL>]
// What passes with one of them and fails with the other is a difference. docs/node-postgres.md lists each with its reason: a difference
// that is not on the list ends the script with 1, and so does one on the list that does not happen. The suites are fetched when they are
// first needed, and kept in .partywall/node-postgres; they are not part of CI. Names of suites as arguments run only those.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { isAbout, knownDifferences } from './node-postgres/known-differences.js'
import { filesOf, runFile, suites, wholeFile } from './node-postgres/suites.js'
import { startDatabase } from './scratch-database.js'

/** The versions that it holds are in docs/node-postgres.md. */
const tag = 'pg@8.23.0'
const tools = ['mocha@11.7.5', 'expect.js@0.3.1', 'co@4.6.0', 'lodash@4.17.21', 'bluebird@3.7.2', 'async@2.6.4']
const streamTools = ['JSONStream@1.3.5', 'concat-stream@1.0.1', 'stream-spec@0.3.5']

const home = resolve(import.meta.dirname, '../.partywall/node-postgres')
const { values, positionals } = parseArgs({
  options: { source: { type: 'string', default: 'https://github.com/brianc/node-postgres' } },
  allowPositionals: true,
})
const chosen = positionals.length === 0 ? suites : suites.filter(({ name }) => positionals.includes(name))
if (chosen.length < positionals.length) {
  console.error(`The suites are ${suites.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

const source = fetchSuites()
const folder = mkdtempSync(join(tmpdir(), 'partywall-node-postgres-'))
const server = await startDatabase(join(folder, 'data'))
const found = []
/** For a closer look: .partywall/node-postgres/results.json. */
const everything = []
try {
  const subjects = await Promise.all(['stock', 'partywall'].map((name) => createSubject(name)))
  for (const suite of chosen) found.push(...(await compareSuite(suite, subjects)))
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
writeFileSync(join(home, 'results.json'), JSON.stringify(everything, undefined, 2))
process.exit(report() ? 0 : 1)

/** Returns the folder of the suites, with the packages that they need. */
function fetchSuites() {
  const checkout = join(home, tag)
  const mark = join(checkout, 'complete')
  if (existsSync(mark) && readFileSync(mark, 'utf8') === values.source) return checkout
  console.error(`Fetching the suites of ${tag} from ${values.source}…`)
  rmSync(checkout, { recursive: true, force: true })
  mkdirSync(home, { recursive: true })
  const from = existsSync(values.source) ? pathToFileURL(resolve(values.source)).href : values.source
  run('git', ['-c', 'advice.detachedHead=false', 'clone', '--quiet', '--depth=1', `--branch=${tag}`, from, checkout])
  // By its own package.json, npm would install far more than the suites need.
  writeFileSync(join(checkout, 'package.json'), '{ "private": true }\n')
  run('npm', ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', ...tools, ...streamTools], checkout)
  writeFileSync(mark, values.source)
  return checkout
}

/** Both pools get a database of their own, so that neither finds what the other left. */
async function createSubject(subject) {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  await client.query(`create database ${subject}`)
  await client.end()
  const { hostname, port, username, password } = new URL(server.url)
  const environment = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password, PGDATABASE: subject }
  return { source, subject, environment, record: join(folder, `${subject}.jsonl`), log: join(folder, `${subject}.log`) }
}

async function compareSuite(suite, subjects) {
  const differences = []
  const passed = [0, 0]
  for (const file of filesOf(suite, source)) {
    const results = await runBoth(suite, file, subjects)
    everything.push({ suite: suite.name, file, stock: Object.fromEntries(results[0]), partywall: Object.fromEntries(results[1]) })
    for (const [index, tests] of results.entries()) passed[index] += countPassed(tests)
    differences.push(...differencesOf(suite, file, results))
  }
  if (passed[0] === 0) throw new Error(`No test of ${suite.name} passed with pg's pool: the suite did not run.`)
  console.log(
    `${suite.name}: ${passed[0]} passed with pg's pool, ${passed[1]} with partywall's, ${differences.length} differences`,
  )
  return differences
}

/** A difference counts when it happens twice: some tests of the suites depend on time. */
async function runBoth(suite, file, subjects) {
  const results = await runOnBoth(suite, file, subjects)
  if (differencesOf(suite, file, results).length === 0) return results
  const again = await runOnBoth(suite, file, subjects)
  return differencesOf(suite, file, again).length < differencesOf(suite, file, results).length ? again : results
}

/** One after the other: some tests listen on a fixed port. */
async function runOnBoth(suite, file, subjects) {
  const results = []
  for (const subject of subjects) results.push(await runFile(suite, file, subject))
  // A test may end the process before the tests behind it.
  for (const [index, tests] of results.entries())
    for (const title of results[1 - index].keys())
      if (!tests.has(title) && title !== wholeFile)
        tests.set(title, (await runFile(suite, file, subjects[index], title)).get(title) ?? { state: 'failed' })
  return results
}

function differencesOf(suite, file, [stock, ours]) {
  const titles = [...new Set([...stock.keys(), ...ours.keys()])].filter(
    (title) => isPassed(stock, title) !== isPassed(ours, title),
  )
  return titles
    .filter((title) => title !== wholeFile || titles.length === 1)
    .map((title) => ({
      suite: suite.name,
      test: `${file}: ${title}`.replaceAll('`', "'").replaceAll('|', '/'),
      message: (isPassed(ours, title) ? stock : ours).get(title)?.message ?? 'the test did not run',
    }))
}

function isPassed(tests, title) {
  return (tests.get(title)?.state ?? (title === wholeFile && 'passed')) === 'passed'
}

function countPassed(tests) {
  return [...tests.values()].filter(({ state }) => state === 'passed').length
}

/** Prints where the list and the run do not agree; true when they do. */
function report() {
  const known = knownDifferences().filter(({ suite }) => chosen.some(({ name }) => name === suite))
  const unlisted = found.filter((difference) => !known.some((row) => isAbout(row, difference)))
  const gone = known.filter((row) => !found.some((difference) => isAbout(row, difference)))
  for (const { suite, test, message } of unlisted) console.error(`Not on the list: ${suite} | ${test}\n${indent(message)}`)
  for (const { suite, test } of gone) console.error(`On the list, but the pools do not differ: ${suite} | ${test}`)
  return unlisted.length === 0 && gone.length === 0
}

function indent(text) {
  return text.replaceAll(/^/gm, '    ')
}

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${error?.message ?? `exit ${status}`}`)
}
