import { createServer } from 'node:net'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { acquireEmbedded } from '../../src/embedded/embedded.ts'
import { everythingStopped, isAlive, runHolder, startHolder, temporaryProject } from './projects.ts'

const paths = await temporaryProject()

test('the first start creates a real PostgreSQL with lines of progress; later starts print nothing', async () => {
  const first: string[] = []
  const server = await acquireEmbedded({ directory: paths.directory, onProgress: (line) => first.push(line) })
  expect(first).toEqual([
    expect.stringMatching(/^partywall: preparing embedded PostgreSQL 18 in .*\.partywall \(first start only\)…$/),
    expect.stringMatching(/^partywall: embedded PostgreSQL ready on port \d+ in \d+\.\d s$/),
  ])
  const client = new Client(server.url)
  await client.connect()
  const { rows } = await client.query(
    `select current_setting('server_version_num')::int / 10000 as major,
            current_setting('server_encoding') as encoding,
            current_setting('listen_addresses') as addresses,
            current_setting('unix_socket_directories') as sockets,
            upper('é') as upper,
            pg_backend_pid() > 0 as real`,
  )
  expect(rows).toEqual([{ major: 18, encoding: 'UTF8', addresses: '127.0.0.1', sockets: '', upper: 'É', real: true }])
  await client.query('create table kept as select 42 as answer')
  await client.end()
  await server.release()

  const second: string[] = []
  const again = await acquireEmbedded({ directory: paths.directory, onProgress: (line) => second.push(line) })
  expect(second).toEqual([])
  expect(again.port).toBe(server.port)
  const reader = new Client(again.url)
  await reader.connect()
  expect((await reader.query('select answer from kept')).rows).toEqual([{ answer: 42 }])
  await reader.end()
  await again.release()
})

test('the last release resolves when the server is stopped, and may be repeated', async () => {
  const server = await acquireEmbedded({ directory: paths.directory })
  expect(isAlive(server.pid)).toBe(true)
  await Promise.all([server.release(), server.release()])
  expect(isAlive(server.pid)).toBe(false)
  await server.release()
})

test('an earlier release leaves the server running for the others', async () => {
  const [one, two] = [
    await acquireEmbedded({ directory: paths.directory }),
    await acquireEmbedded({ directory: paths.directory }),
  ]
  expect(two.pid).toBe(one.pid)
  await one.release()
  const client = new Client(two.url)
  await client.connect()
  await client.end()
  await two.release()
  expect(isAlive(two.pid)).toBe(false)
})

test('a release does not wait for clients that were not closed', async () => {
  const server = await acquireEmbedded({ directory: paths.directory })
  const client = new Client(server.url)
  client.on('error', () => {})
  await client.connect()
  void client.query('select pg_sleep(60)').catch(() => {})
  await server.release()
  expect(isAlive(server.pid)).toBe(false)
})

test('a process may end without release, also one whose output is piped, and the server stops', async () => {
  const { pid } = await runHolder(paths, 'leave')
  await everythingStopped(paths)
  expect(isAlive(pid)).toBe(false)
})

// The server waits a second for the next process; on a busy machine, Node.js itself may take longer to start.
test('a process that starts right after another one ended finds the server running', { retry: 4 }, async () => {
  const left = await runHolder(paths, 'leave')
  const next = await runHolder(paths, 'release')
  expect(next.pid).toBe(left.pid)
})

test('another port is used when another program has the last one', async () => {
  const { port } = await runHolder(paths)
  const stranger = createServer()
  await new Promise<void>((resolve) => stranger.listen(port, '127.0.0.1', resolve))
  try {
    const next = await runHolder(paths)
    expect(next.error).toBeUndefined()
    expect(next.port).not.toBe(port)
  } finally {
    stranger.close()
  }
})

test('Ctrl-C in the terminal ends the application, not its server', async () => {
  const { child, report, end } = await startHolder(paths, 'hold', { detached: true })
  process.kill(-child.pid!, 'SIGINT')
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(isAlive(report.pid)).toBe(true)
  await end()
  expect(isAlive(report.pid)).toBe(false)
})

test('a setting that PostgreSQL does not know is an error with the end of its log', async () => {
  const failing = acquireEmbedded({ directory: paths.directory, settings: { no_such_setting: '1' } })
  await expect(failing).rejects.toMatchObject({
    code: 'EMBEDDED_FAILED',
    message: expect.stringMatching(/unrecognized configuration parameter "no_such_setting"[\s\S]*DATABASE_URL/),
  })
  await everythingStopped(paths)
})
