// Publishes the version that is in packages/partywall/package.json: npm run release [-- --dry-run]
// It refuses what would not be that version as CI has checked it. With --dry-run all is checked the same way, and nothing is published.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findNode } from './node.js'

const root = resolve(import.meta.dirname, '..')
const folder = join(root, 'packages/partywall')
const isDryRun = process.argv.includes('--dry-run')
const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const tag = `${name}@${version}`

stopAt('refused', refusals())
step('npm run check')
stopAt('refused by npm', npmWarnings())
if (isDryRun) {
  console.log(`${tag} is ready. Nothing was published: this was a dry run.`)
} else {
  step(`"${findNode()}" node_modules/@changesets/cli/bin.js publish`)
  console.log(`${tag} is published. Push its tag:  git push origin ${tag}`)
}

/** Why this must not be published from here. */
function refusals() {
  const branch = git('branch', '--show-current')
  const pending = readdirSync(join(root, '.changeset')).filter((file) => file.endsWith('.md') && file !== 'README.md')
  return [
    branch !== 'main' && `this is the branch ${branch || 'of no name'}; releases are made from main`,
    git('status', '--porcelain') !== '' && 'there are changes that are not committed: git status',
    !process.env.CI && 'this is not CI (the variable CI is not set), and a release is published from where all was checked',
    pending.length > 0 && `.changeset/ holds notes of the next version (${pending.join(', ')}): npm run release:version`,
    git('tag', '--list', tag) !== '' && `the tag ${tag} exists: this version was released`,
    !hasSection() && `CHANGELOG.md has no section ${version}: npm run release:version`,
  ].filter(Boolean)
}

function hasSection() {
  const file = join(folder, 'CHANGELOG.md')
  return existsSync(file) && readFileSync(file, 'utf8').split('\n').includes(`## ${version}`)
}

/** npm corrects package.json where it finds something wrong, and only warns: it would publish something else than what was checked. */
function npmWarnings() {
  const { status, stderr } = run('npm', ['publish', '--dry-run'], { cwd: folder })
  const warnings = stderr
    .split('\n')
    .filter((line) => /^npm (warn|error)/i.test(line) && !/logged in to .* \(dry-run\)/.test(line))
  return status === 0 ? warnings : [...warnings, `npm publish --dry-run ended with ${status}`]
}

function step(command) {
  console.log(`\n${command}`)
  const { status } = spawnSync(command, { shell: true, cwd: root, stdio: 'inherit' })
  if (status !== 0) stopAt('failed', [command])
}

function stopAt(what, problems) {
  if (problems.length === 0) return
  for (const problem of problems) console.error(`${what}: ${problem}`)
  process.exit(1)
}

function git(...args) {
  const { status, stdout, stderr } = run('git', args, { cwd: root })
  if (status !== 0) stopAt('refused', [stderr.trim()])
  return stdout.trim()
}

function run(command, args, options) {
  return spawnSync(command, args, { encoding: 'utf8', ...options })
}
