/** `npm start`: the database, the demo tenants, the API. Ctrl-C or SIGTERM stops all of it, the embedded server too. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { assertFleetOk, tenancyErrorOf } from 'partywall'
import { createApp } from './app.ts'
import { closingRouter } from './closing.ts'
import { startJobs, type PollsJobs } from './jobs.ts'
import { logoRouter } from './logo.ts'
import { metricsRouter } from './metrics.ts'
import { openapiRouter } from './openapi.ts'
import { seed } from './seed.ts'
import { summaryRouter } from './summary.ts'
import { createPollsTenancy } from './tenancy.ts'
import { welcome } from './welcome.ts'

/** How long open requests may take when the server stops. */
const graceMs = 5_000

/** An error that the user of `npm start` can fix. */
class StartError extends Error {}

const tenancy = createPollsTenancy()
const server = createServer()
let jobs: PollsJobs | undefined
let stopping: Promise<void> | undefined

// A terminal sends Ctrl-C to every process of `npm start`, and each passes it on: the signal may arrive several times.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop().then(() => process.exit(0)))

try {
  const port = portOf(process.env.PORT)
  assertFleetOk(await tenancy.migrations.run())
  const tenants = await seed(tenancy)
  jobs = await startJobs(tenancy)
  const around = [metricsRouter(tenancy), summaryRouter(tenancy), logoRouter(tenancy), closingRouter(tenancy, jobs)]
  server.on('request', createApp(tenancy, ...around, openapiRouter()))
  await listen(server, port)
  console.log(welcome((server.address() as AddressInfo).port, tenants))
} catch (error) {
  // An interrupted start fails at some point; that error is expected.
  if (stopping === undefined) {
    const known = tenancyErrorOf(error) ?? (error instanceof StartError ? error : undefined)
    console.error(known === undefined ? error : `polls: ${known.message}`)
    await stop()
    process.exit(1)
  }
}

function stop(): Promise<void> {
  stopping ??= (async () => {
    const closed = server.listening ? once(server, 'close') : undefined
    server.close()
    setTimeout(() => server.closeAllConnections(), graceMs).unref()
    await closed
    await jobs?.stop()
    await tenancy.close()
  })()
  return stopping
}

function portOf(text = '3000'): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535 && text.trim() !== '') return port
  throw new StartError(`PORT must be a number from 0 to 65535; it is ${JSON.stringify(text)}.`)
}

async function listen(http: Server, port: number): Promise<void> {
  http.listen(port)
  try {
    await once(http, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw new StartError(`port ${port} is in use. Choose another one:  PORT=${port + 1} npm start`)
    if (code === 'EACCES')
      throw new StartError(`port ${port} requires more privileges. Choose one above 1023:  PORT=3000 npm start`)
    throw error
  }
}
