/** Some of the projects on a real PostgreSQL, with the packages of this repository: their own tests, and the app as a user starts it. */
import { request } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { json } from 'node:stream/consumers'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'
import { serverUrl, testDatabase } from '../../partywall/test/support/servers/database.ts'
import { choiceOf, run, scratch, start, writeProjects } from './starters.ts'

/** Each framework, each ORM and each sign-in at least once. */
const tested = ['fastify-kysely-jwt', 'hono-drizzle-better-auth', 'next-pg-jwt']
const started = 'express-prisma-none'
const ofNest = 'nest-pg-none'

const folder = await scratch()
const { url } = await testDatabase()
beforeAll(() => writeProjects(folder, [...tested, started, ofNest].map(choiceOf)))

test.concurrent.each(tested)('the tests of %s pass', async (name) => {
  const project = join(folder, name)
  const { code, output } = await run(project, ['--test', 'test/*.test.ts'], { TEST_DATABASE_URL: serverUrl() })
  expect(output).toContain('tests 4')
  expect([code, code === 0 ? '' : output]).toEqual([0, ''])
})

test.concurrent('the tests of a project of NestJS pass, compiled', async () => {
  const project = join(folder, ofNest)
  await build({
    entryPoints: [join(project, 'test/projects.test.ts')],
    outfile: join(project, 'dist/projects.test.js'),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  })
  const { code, output } = await run(project, ['--test', 'dist/*.test.js'], { TEST_DATABASE_URL: serverUrl() })
  expect([code, code === 0 ? '' : output]).toEqual([0, ''])
  expect(output).toContain('tests 2')
})

test.concurrent('an app starts with two tenants, keeps them apart, starts again, and stops', async () => {
  const project = join(folder, started)
  for (const roofs of [1, 2]) {
    const port = await freePort()
    const { child, ended, output } = start(project, ['src/main.ts'], { DATABASE_URL: url, PORT: String(port) })
    try {
      while (!output().includes('Ready on')) {
        if (child.exitCode !== null) throw new Error(output())
        await sleep(20)
      }
      await ask(port, 'acme', { title: 'A roof' })
      const titles = (await ask(port, 'acme')).map(({ title }) => title)
      expect(titles).toEqual(['A wall', 'A door', ...Array.from({ length: roofs }, () => 'A roof')])
      expect((await ask(port, 'globex')).map(({ title }) => title)).toEqual(['A tunnel'])
    } finally {
      child.kill('SIGTERM')
      await ended
    }
    expect([child.exitCode, child.signalCode]).toEqual([0, null])
  }
})

async function ask(port: number, tenant: string, body?: object): Promise<{ title: string }[]> {
  const headers = { host: `${tenant}.localhost`, 'content-type': 'application/json' }
  const sent = request({ host: '127.0.0.1', port, path: '/api/projects', method: body ? 'POST' : 'GET', headers, agent: false })
  sent.end(body && JSON.stringify(body))
  const [response] = await once(sent, 'response')
  return (await json(response)) as { title: string }[]
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
