/** The whole app: the database, the jobs, the mails and the server. Tests start it as `npm run start:crm` does. */
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { assertFleetOk } from 'partywall'
import { tenantFiles } from 'partywall/files'
import { createTokens } from 'partywall/jwt'
import { createApp, type AppOptions } from './app.ts'
import { secretFor, StartError, type Environment } from './environment.ts'
import { startJobs } from './jobs/jobs.ts'
import { workOnJobs } from './jobs/work.ts'
import { createMailer } from './mail/mailer.ts'
import { startMailSink, type MailSink } from './mail/sink.ts'
import { sinkPage } from './mail/sink-page.ts'
import type { Parts } from './parts.ts'
import { adminSite } from './shared/admin-site.ts'
import { createFakeProvider } from './shared/billing/fake-provider.ts'
import { fakePages } from './shared/billing/fake-pages.ts'
import type { BillingProvider } from './shared/billing/provider.ts'
import { createOperators, type Operators } from './shared/operators.ts'
import { openTenancy } from './tenancy.ts'
import { createUsers } from './tenant/users.ts'
import { clientFolder } from './web/client-build.ts'

export interface Crm extends Parts {
  readonly operators: Operators
  readonly server: Server
  /** Absent where SMTP_URL names a server. */
  readonly sink: MailSink | undefined
  /** Answers what has begun, waits for the jobs that run, and closes everything. */
  stop(): Promise<void>
}

export interface CrmOptions {
  /** Takes the payments. @default the fake one; in production there is no default */
  readonly billing?: BillingProvider
  readonly more?: AppOptions['more']
  /** Whether sign-ins are counted. @default true */
  readonly limits?: boolean
}

/** How long open requests may take when the server stops. */
const graceMs = 5_000

/** @throws StartError for what the person who starts it can fix */
export async function startCrm(environment: Environment, options: CrmOptions = {}): Promise<Crm> {
  if (environment.isProduction && options.billing === undefined)
    throw new StartError('Give startCrm a "billing" that takes payments: see src/shared/billing/provider.ts.')
  await mkdir(environment.uploads, { recursive: true })
  const tenancy = openTenancy(environment)
  const closing: (() => unknown)[] = [() => tenancy.close()]
  const close = async (): Promise<void> => {
    for (const work of closing.toReversed()) await work()
  }
  try {
    assertFleetOk(await tenancy.migrations.run())
    await tenancy.ready()
    const sink = environment.smtpUrl === undefined ? await startMailSink() : undefined
    if (sink !== undefined) closing.push(() => sink.close())
    const mailer = createMailer(environment, sink?.port)
    closing.push(() => mailer.close())
    const jobs = await startJobs(tenancy, environment)
    closing.push(() => jobs.stop())
    const { limits = true } = options
    const parts: Parts = {
      environment,
      tenancy,
      mailer,
      jobs,
      users: createUsers(tenancy, environment, mailer, { limits }),
      tokens: createTokens(tenancy, { secret: secretFor('tokens', environment) }),
      files: tenantFiles(tenancy),
      billing: options.billing ?? createFakeProvider(tenancy.sharedPool, environment),
    }
    await workOnJobs(parts)
    const operators = createOperators(tenancy, environment)
    const pages = [...(sink === undefined ? [] : [sinkPage(sink)]), ...(options.billing === undefined ? [fakePages(parts)] : [])]
    const server = createServer(
      createApp(parts, {
        client: clientFolder,
        admin: adminSite(tenancy, operators, jobs, environment),
        pages,
        more: options.more,
      }),
    )
    closing.push(() => stopServer(server))
    await listen(server, environment)
    return { ...parts, operators, server, sink, stop: close }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

async function stopServer(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  setTimeout(() => server.closeAllConnections(), graceMs).unref()
  await closed
}

/** Outside of production the secrets and passwords are those of the demo, so only this machine gets in. */
async function listen(server: Server, { port, isProduction }: Environment): Promise<void> {
  if (isProduction) server.listen(port)
  else server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new StartError(`port ${port} is in use. Choose another one:  PORT=${port + 1} npm run start:crm`)
    if (code === 'EACCES') throw new StartError(`port ${port} requires more privileges. Choose one above 1023.`)
    throw error
  }
}
