/** `npm start`: the API. Ctrl-C or SIGTERM stops it, and the embedded PostgreSQL with it. */
import { createApp } from './app.ts'
import { prepare } from './prepare.ts'
import { openTenancy } from './tenancy.ts'

const tenancy = openTenancy()
if (process.env.NODE_ENV !== 'production') await prepare(tenancy)

const port = Number(process.env.PORT ?? 3000)
const app = createApp(tenancy)
app.addHook('onClose', () => tenancy.close())
await app.listen({ port, host: '0.0.0.0' })
console.log(`Ready on http://localhost:${port}. README.md has requests to try.`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void app.close())
