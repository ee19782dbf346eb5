/** `npm start` from the outside, on the database of this test: the text that it prints, the commands in it, and the end. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { onTestFinished, expect, test } from 'vitest'
import { testDatabase } from '../../../packages/partywall/test/support/servers/database.ts'
import { client } from './ask.ts'
import { freePort } from '../../../packages/partywall/src/embedded/free-port.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const { url } = await testDatabase()

test('npm start serves two tenants, ends with 0, and finds its data at the next start', async () => {
  const port = await freePort()
  const first = await start(port)
  expect(first.said()).toContain(`ready on http://localhost:${port}`)
  const api = client(port)
  const id = /X-Request-ID: ([0-9a-f-]{36})/.exec(first.said())![1]!
  expect((await api.get('/polls', { tenant: 'ferrari' })).body[0].question).toBe('Who wins in Monza?')
  expect((await api.get('/polls', { tenant: 'mclaren' })).body[0].question).toBe('Who wins in Silverstone?')
  expect((await api.get('/polls', { id })).body[0].question).toBe('Who wins in Silverstone?')
  await api.post('/polls/1/votes', { choice: 1 }, { tenant: 'ferrari' })
  expect((await api.post('/client', { name: 'Williams' })).status).toBe(201)
  expect((await api.get('/polls', { tenant: 'williams' })).status).toBe(200)
  expect(await first.end('SIGTERM')).toBe(0)

  const second = await start(port)
  expect((await api.get('/polls/1/results', { tenant: 'ferrari' })).body.votes).toBe(1)
  expect((await api.get('/client')).body).toHaveLength(3)
  expect(await second.end('SIGINT')).toBe(0)
}, 60_000)

test('npm start ends with 1 when its port is in use, and says so', async () => {
  const squatter = createServer().listen(0)
  onTestFinished(() => void squatter.close())
  await once(squatter, 'listening')
  const { port } = squatter.address() as AddressInfo
  const app = await start(port)
  expect(await app.ended).toBe(1)
  expect(app.said()).toContain(`port ${port} is in use`)
}, 60_000)

test('npm start ends with 1 when PORT is not a number, and says so', async () => {
  const app = await start('http')
  expect(await app.ended).toBe(1)
  expect(app.said()).toContain('PORT must be a number')
}, 60_000)

/** Resolves when the app is ready, or has ended. */
async function start(port: number | string) {
  const child = spawn(process.execPath, ['scripts/node.js', 'examples/polls/src/main.ts'], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: url, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  let output = ''
  const isReady = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += String(chunk)
        if (output.includes('Ctrl-C')) resolve()
      })
    }
  })
  await Promise.race([isReady, ended])
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return ended
  }
  return { said: () => output, ended, end }
}
