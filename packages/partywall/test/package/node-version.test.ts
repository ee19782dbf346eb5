/** What an old Node.js reports at `import 'partywall'`: scripts/check-installs.js runs it on one. Here, what makes that message possible. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const workspace = new URL('../../', import.meta.url)
const manifest = JSON.parse(await readFile(new URL('package.json', workspace), 'utf8')) as {
  exports: Record<string, string | { '@partywall/source': string }>
  engines: { node: string }
}
const entries = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [] : entry['@partywall/source']))

test.each(entries)('%s imports node-version.ts before everything else', async (entry) => {
  const source = await readFile(new URL(entry, workspace), 'utf8')
  expect(/^(?:import|export) .*/m.exec(source)?.[0]).toMatch(/^import '(?:\.\.?\/)+node-version\.ts'$/)
})

test.each([
  ['20.20.2', false],
  ['22.17.1', false],
  ['22.18.0', true],
  ['24.0.0', true],
])('a Node.js that calls itself %s is accepted: %s', async (version, isAccepted) => {
  const file = fileURLToPath(new URL('src/node-version.ts', workspace))
  const program = `
    Object.defineProperty(process.versions, 'node', { value: ${JSON.stringify(version)} })
    Object.defineProperty(process, 'version', { value: ${JSON.stringify(`v${version}`)} })
    import(${JSON.stringify(file)}).then(() => console.log('accepted'), ({ message }) => console.log(message))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--eval', program])
  const refusal = `partywall needs Node.js 22.18 or newer; this is v${version}.`
  expect(stdout.trim()).toBe(isAccepted ? 'accepted' : refusal)
})

test('the message and package.json name the same version', () => {
  expect(manifest.engines.node).toBe('>=22.18')
})
