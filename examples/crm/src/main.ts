/** `npm run start:crm`: the database, the demo tenants, the client, the server. Ctrl-C or SIGTERM stops all of it, the embedded server too. */
import { tenancyErrorOf } from 'partywall'
import { startCrm, type Crm } from './crm.ts'
import { addDemo } from './demo/demo.ts'
import { environmentOf, StartError } from './environment.ts'
import { buildClient } from './web/client-build.ts'
import { welcome } from './welcome.ts'

let crm: Promise<Crm> | undefined
let stopping: Promise<void> | undefined

// A terminal sends Ctrl-C to every process of npm, and each passes it on: the signal may arrive several times.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop().then(() => process.exit(0)))

try {
  const environment = environmentOf(process.env)
  const building = process.env['CRM_CLIENT'] === 'as-built' ? undefined : buildClient()
  crm = startCrm(environment)
  const [started] = await Promise.all([crm, building])
  const demo = environment.isProduction ? undefined : await addDemo(started)
  console.log(welcome(environment, demo))
} catch (error) {
  // An interrupted start fails at some point; that error is expected.
  if (stopping === undefined) {
    const known = tenancyErrorOf(error) ?? (error instanceof StartError ? error : undefined)
    console.error(known === undefined ? error : `crm: ${known.message}`)
    await stop()
    process.exit(1)
  }
}

function stop(): Promise<void> {
  stopping ??= (async () => {
    const started = await crm?.catch(() => undefined)
    await started?.stop()
  })()
  return stopping
}
