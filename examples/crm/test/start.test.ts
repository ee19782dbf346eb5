/** `npm run start:crm` from the outside: what it prints, the commands of the README, and the end. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '../../../packages/partywall/test/support/servers/database.ts'
import { freePort } from '../../../packages/partywall/src/embedded/free-port.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const { url } = await testDatabase()

test('the start prints what to open, and the commands of the README print what it says', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'crm-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const readme = await readFile(join(root, 'examples/crm/README.md'), 'utf8')
  const port = await freePort()
  const app = await start({ PORT: String(port), UPLOADS: folder })
  const said = app.said()
  for (const text of [
    'ada@acme.example   password of acme',
    `http://globex.crm.localhost:${port}`,
    `http://admin.crm.localhost:${port}`,
    `:${port}/mail`,
  ])
    expect(said).toContain(text)
  // The passwords of the demo are known to everyone: other machines do not reach it.
  const others = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).filter(({ internal, family }) => !internal && family === 'IPv4'),
  )
  for (const { address } of others)
    expect(
      await fetch(`http://${address}:${port}/ready`).then(
        () => 'reached',
        () => 'closed',
      ),
    ).toBe('closed')
  const commands = blocksOf(readme, 'bash').join('\n').replaceAll('localhost:3400', `localhost:${port}`)
  const { stdout } = await promisify(execFile)('bash', ['-e', '-c', commands], { cwd: folder })
  const [, ...answers] = blocksOf(readme, '')
  expect(stdout.replaceAll(`localhost:${port}`, 'localhost:3400')).toBe(answers.join(''))
  expect(await app.end('SIGTERM')).toBe(0)
}, 60_000)

test('the start ends with 1 where its port is in use, and says so', async () => {
  const squatter = createServer().listen(0)
  onTestFinished(() => void squatter.close())
  await once(squatter, 'listening')
  const { port } = squatter.address() as AddressInfo
  const app = await start({ PORT: String(port) })
  expect(await app.ended).toBe(1)
  expect(app.said()).toContain(`port ${port} is in use`)
}, 60_000)

function blocksOf(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text]) => (name === language ? [text!] : []))
}

/** Resolves when the app is ready, or has ended. */
async function start(variables: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['scripts/node.js', 'examples/crm/src/main.ts'], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: url, CRM_CLIENT: 'as-built', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  let output = ''
  const isReady = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += String(chunk)
        if (output.includes('Ctrl-C')) resolve()
      })
  })
  await Promise.race([isReady, ended])
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return ended
  }
  return { said: () => output, ended, end }
}
