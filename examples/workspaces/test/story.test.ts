/** The README's story, as it stands there: its commands are run, and its answers compared. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { betterAuthSql, centralModels } from '../../../packages/partywall/src/auth/better-auth/better-auth.ts'
import { testDatabase } from '../../../packages/partywall/test/support/servers/database.ts'
import { options } from '../src/accounts.ts'

const { url } = await testDatabase()
const example = new URL('../', import.meta.url)
const read = (path: string) => readFile(new URL(path, example), 'utf8')

test('the commands of the README print what it says', async () => {
  const readme = await read('README.md')
  const port = await start()
  const scripts = blocksOf(readme, 'bash').join('\n')
  const { stdout } = await promisify(execFile)('bash', ['-e', '-c', scripts.replaceAll('localhost:3000', `localhost:${port}`)])
  const [, ...answers] = blocksOf(readme, '')
  expect(stdout).toBe(answers.join(''))
}, 60_000)

test('the tables of the accounts are those of Better Auth', async () => {
  expect(await read('migrations/shared/0001_accounts.sql')).toBe(await betterAuthSql(centralModels(options)))
})

test('the README names every file', async () => {
  const readme = await read('README.md')
  for (const folder of ['src', 'migrations/shared', 'migrations/tenant'])
    for (const file of await readdir(fileURLToPath(new URL(folder, example)))) expect(readme).toContain(file)
})

function blocksOf(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text]) => (name === language ? [text!] : []))
}

/** Starts the app as a person does, on the database of this test. */
async function start(): Promise<number> {
  const port = await freePort()
  const app = spawn(process.execPath, ['--conditions=@partywall/source', fileURLToPath(new URL('src/main.ts', example))], {
    env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: url, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(app, 'exit')
  onTestFinished(async () => {
    app.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })
  let said = ''
  for await (const chunk of app.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += chunk
    if (said.includes('workspaces is ready')) return port
  }
  throw new Error(`The app ended: ${said}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
