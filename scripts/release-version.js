// Makes the next version of what stands in .changeset/: npm run release:version
// changeset writes package.json and CHANGELOG.md; the version is written wherever else it stands. Nothing is committed or published.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findNode } from './node.js'

const root = resolve(import.meta.dirname, '..')
const folder = 'packages/partywall'
const read = (path) => readFileSync(join(root, path), 'utf8')

const notes = readdirSync(join(root, '.changeset')).filter((file) => file.endsWith('.md') && file !== 'README.md')
if (notes.length === 0) {
  console.error('There is no next version: .changeset/ holds no note. Write one with  npm run changeset')
  process.exit(1)
}
execFileSync(findNode(), [join(root, 'node_modules/@changesets/cli/bin.js'), 'version'], { cwd: root, stdio: 'inherit' })

const { version } = JSON.parse(read(`${folder}/package.json`))
replace(`${folder}/src/version.ts`, /(?<=^export const version = ')[^']*/m)
// The lock file names the version of each workspace.
replace('package-lock.json', /(?<="packages\/partywall": \{\s*(?:"name": "partywall",\s*)?"version": ")[^"]*/)
console.log(`The version is ${version}. Read ${folder}/CHANGELOG.md as a user would, commit, and go on with docs/releasing.md.`)

function replace(path, form) {
  const text = read(path)
  if (!form.test(text)) throw new Error(`${path} has no version to replace`)
  writeFileSync(join(root, path), text.replace(form, version))
}
