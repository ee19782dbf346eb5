/** The console in each server that it can be mounted in, at several paths. */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { serve } from '@hono/node-server'
import express from 'express'
// @ts-expect-error it has no types
import expressV4 from 'express-v4'
import fastify from 'fastify'
import { Hono } from 'hono'
import { byHost, createTenancy } from 'partywall'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '../../partywall/test/support/servers/database.ts'
import { console, type Operator } from '../src/index.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  resolve: [byHost({ base: 'shop.test' })],
  migrations: { shared: false, tenant: false },
})
await tenancy.migrations.run()
await tenancy.tenants.create({ schema: 'acme' })
afterAll(() => tenancy.close())

const ann: Operator = { id: 'ann', role: 'owner' }
const authorize = (asked: Request) => (asked.headers.get('authorization') === 'Bearer ann' ? ann : undefined)

/** Starts a server with the console at a path, and returns its port. */
type Start = (path: string) => Promise<number>

async function listening(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

const servers: Record<string, Start> = {
  'node:http': (path) => listening(console(tenancy, { authorize, path })),
  'Express 5': (path) => listening(express().use(path || '/', console(tenancy, { authorize }))),
  'Express 4': (path) => listening(expressV4().use(path || '/', console(tenancy, { authorize }))),
  'Express behind a parser of bodies': (path) =>
    listening(
      express()
        .use(path || '/', console(tenancy, { authorize }))
        .use(express.json()),
    ),
  async Hono(path) {
    const app = new Hono()
    if (path === '') app.mount('/', console(tenancy, { authorize }).fetch)
    else app.mount(path, console(tenancy, { authorize, path }).fetch)
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return (server.address() as AddressInfo).port
  },
  async Fastify(path) {
    const app = fastify()
    await app.register(console(tenancy, { authorize }).fastify, { prefix: path })
    await app.listen({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => app.close())
    return (app.server.address() as AddressInfo).port
  },
  async Nest(path) {
    const app = await NestFactory.create(NestApp, { logger: false })
    app.use(path || '/', console(tenancy, { authorize }))
    await app.listen(0, '127.0.0.1')
    onTestFinished(() => app.close())
    return (app.getHttpServer().address() as AddressInfo).port
  },
  async 'a handler of the Fetch API that keeps the path, as Next.js does'(path) {
    const { fetch } = console(tenancy, { authorize, path })
    const server = serve({ fetch, port: 0, hostname: '127.0.0.1' })
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return (server.address() as AddressInfo).port
  },
}

class NestApp {
  readonly name = 'an application'
}
Module({})(NestApp)

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

async function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
  body?: string,
): Promise<Answer> {
  const sent = request({ port, path, method, headers: { host: 'shop.test', ...headers }, agent: false })
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: response.statusCode, headers: response.headers, body: (await response.setEncoding('utf8').toArray()).join('') }
}

describe.each(Object.entries(servers))('%s', (_name, start) => {
  test.each(['', '/admin', '/a/b'])('serves the pages and the API below "%s"', async (path) => {
    const port = await start(path)
    for (const address of ['/', '/t/acme/tables', '/migrations?kind=x']) {
      const { status, headers, body } = await ask(port, `${path}${address}`, { authorization: 'Bearer ann' })
      expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
      expect(body).toContain(`<base href="${path}/">`)
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
    }
    const [, script] = /src="\.\/(assets\/[^"]+\.js)"/.exec((await ask(port, `${path}/`)).body)!
    const file = await ask(port, `${path}/${script}`)
    expect([file.status, file.headers['content-type'], file.headers['cache-control']]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      'public, max-age=31536000, immutable',
    ])
    // The page of a stranger says that they must sign in.
    expect((await ask(port, `${path}/`)).status).toBe(401)
    expect((await ask(port, `${path}/api/session`)).status).toBe(401)
    const session = await ask(port, `${path}/api/session`, { authorization: 'Bearer ann' })
    expect([session.status, JSON.parse(session.body), session.headers['cache-control']]).toEqual([
      200,
      { ...ann, canSignOut: false },
      'no-store',
    ])
    const acme = await ask(port, `${path}/`, { host: 'acme.shop.test', authorization: 'Bearer ann' })
    expect([acme.status, acme.body]).toEqual([404, 'Not Found'])
  })
})
