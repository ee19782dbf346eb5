/** The guard around the code of an application: it puts everything back, and waits for nothing without end. */
import { once } from 'node:events'
import { createServer, Server, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { readApp } from '../../src/check/app/read-app.ts'
import { guarded } from '../../src/check/app/guarded-import.ts'

const { listen } = Server.prototype
const { exit } = process

test('code that never ends is left after its time', async () => {
  const { error, release } = await guarded(() => new Promise(() => {}), 20)
  release()
  expect(String(error)).toContain('it was not imported after 0.02 seconds')
  expect([Server.prototype.listen, process.exit]).toEqual([listen, exit])
})

async function endsLater(): Promise<void> {
  setTimeout(() => process.exit(3))
  await new Promise(() => {})
}

test('code that ends the process, at once or later, is an error, and nothing else', async () => {
  for (const load of [async () => process.exit(3), endsLater]) {
    const { error, problems, release } = await guarded<unknown>(load)
    release()
    expect(String(error)).toBe('Error: the module ended the process with the code 3')
    expect(problems).toEqual([])
  }
})

test('code that is not awaited is guarded until the release: it neither listens nor ends the process, and both are known', async () => {
  const server = createServer()
  const { listening, problems, release } = await guarded(async () => {
    setTimeout(() => server.listen(4711, '0.0.0.0'), 30)
  })
  onTestFinished(() => void server.close())
  expect(listening).toHaveLength(0)
  await once(server, 'listening')
  expect(server.address()).toMatchObject({ address: '127.0.0.1' })
  expect(() => process.exit(2)).toThrow('with the code 2')
  expect(problems.map(String)).toEqual(['Error: the module ended the process with the code 2'])
  expect(listening).toHaveLength(1)
  release()
})

test('a module that is missing or fails is an error', async () => {
  const app = await readApp('/nowhere/app.ts', [], String, undefined)
  app.release()
  expect(app).toMatchObject({
    failure: expect.stringContaining('/nowhere/app.ts'),
    seen: undefined,
  })
})

test.each([
  ['a port', (server: Server) => server.listen(4711)],
  ['a port, a host and a callback', (server: Server) => server.listen(4711, '0.0.0.0', 10, () => server.emit('called'))],
  ['options', (server: Server) => server.listen({ port: 4711, host: '::' })],
  ['a socket', (server: Server) => server.listen('/tmp/partywall-check.sock')],
])('a server that listens on %s gets a port of this machine, and is closed', async (what, start) => {
  const server = createServer()
  onTestFinished(() => void server.close())
  const called = what.includes('callback') ? once(server, 'called') : undefined
  const { result, listening, release } = await guarded(async () => {
    start(server)
    await Promise.all([once(server, 'listening'), called])
    return server.address() as AddressInfo
  })
  expect(result).toMatchObject({ address: '127.0.0.1' })
  expect(result!.port).not.toBe(4711)
  expect(listening).toHaveLength(1)
  release()
  expect(server.listening).toBe(false)
})
