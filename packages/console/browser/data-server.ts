/** The room of data and its built pages, behind the policy that the console has. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serve, type ServerType } from '@hono/node-server'
import vue from '@vitejs/plugin-vue'
import { Hono } from 'hono'
import { build } from 'vite'
import { dataRoutes } from '../src/data/routes.ts'
import type { AnyTenancy, ConsoleEnv, Role } from '../src/parts.ts'

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'self'; frame-ancestors 'none'"
const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css' }

export interface DataServer extends AsyncDisposable {
  readonly origin: string
  /** The role of who asks next. */
  role: Role
}

export async function dataServer(tenancy: AnyTenancy): Promise<DataServer> {
  const folder = await mkdtemp(join(tmpdir(), 'partywall-data-'))
  await build({
    root: fileURLToPath(new URL('data-shell', import.meta.url)),
    base: './',
    plugins: [vue()],
    build: { outDir: folder, emptyOutDir: true, assetsInlineLimit: 0 },
    logLevel: 'warn',
  })
  const state = { role: 'owner' as Role }
  const app = new Hono<ConsoleEnv>()
  app.use('/api/*', async (c, next) => {
    c.set('operator', { id: 'ann', role: state.role })
    await tenancy.actingAs('ann', next)
  })
  app.route('/api/data', dataRoutes({ tenancy }))
  app.onError((error, c) => {
    const { code } = error as Error & { code?: string }
    return c.json({ code, title: 'It failed', detail: error.message }, code === 'UNKNOWN_TENANT' ? 404 : 500)
  })
  app.get('*', async (c) => {
    const isAsset = c.req.path.startsWith('/assets/')
    const type = isAsset ? (types[extname(c.req.path)] ?? 'application/octet-stream') : 'text/html; charset=utf-8'
    const body = await readFile(join(folder, isAsset ? c.req.path : 'index.html'))
    return c.body(new Uint8Array(body), 200, { 'content-security-policy': policy, 'content-type': type })
  })
  const server = await new Promise<ServerType>((resolve) => {
    const listening = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(listening))
  })
  return Object.assign(state, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => {
        server.close(resolve)
        if ('closeAllConnections' in server) server.closeAllConnections()
      })
      await rm(folder, { recursive: true, force: true })
    },
  })
}
