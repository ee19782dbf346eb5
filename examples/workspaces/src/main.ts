/** The API, on the port PORT or 3000. Ctrl-C or SIGTERM stops it, the embedded server too. */
import { once } from 'node:events'
import { assertFleetOk } from 'partywall'
import { accounts } from './accounts.ts'
import { createApp } from './app.ts'
import { openTenancy } from './tenancy.ts'

const tenancy = openTenancy()
assertFleetOk(await tenancy.migrations.run())
const port = Number(process.env.PORT ?? 3000)
const server = createApp(tenancy, accounts(tenancy)).listen(port)
await once(server, 'listening')
console.log(`workspaces is ready on http://localhost:${port}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close(() => void tenancy.close().then(() => process.exit(0)))
    server.closeAllConnections()
  })
}
