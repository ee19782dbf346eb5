/** `npm start`: the API. Ctrl-C or SIGTERM stops it, and the embedded PostgreSQL with it. */
import { serve } from '@hono/node-server'
import { createApp } from './app.ts'
import { prepare } from './prepare.ts'
import { openTenancy } from './tenancy.ts'

const tenancy = openTenancy()
if (process.env.NODE_ENV !== 'production') await prepare(tenancy)

const port = Number(process.env.PORT ?? 3000)
const server = serve({ fetch: createApp(tenancy).fetch, port }, () => {
  console.log(`Ready on http://localhost:${port}. README.md has requests to try.`)
})

function stop(): void {
  server.close(() => void tenancy.close())
  if ('closeIdleConnections' in server) server.closeIdleConnections()
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
