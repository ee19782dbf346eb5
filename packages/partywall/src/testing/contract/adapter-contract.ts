/** The contract of an adapter for a web framework, as cases that any test runner runs. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { assertFunction } from '../../given-function.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { RequestFacts } from '../../ports/resolver.ts'
import { byHeader } from '../../resolve/by-header.ts'
import { byHost } from '../../resolve/by-host.ts'
import { openEmptyDatabase } from '../database/test-database.ts'
import { contractApp, type ContractApp } from './adapter-app.ts'
import { ContractClient } from './adapter-client.ts'
import { names, promises, type AdapterWorld, type SubjectOptions } from './adapter-promises.ts'
import { until, type Contract, type ContractOptions, type ContractTenancy } from './contract.ts'

export interface SubjectServer {
  readonly port: number
  close(): Promise<unknown>
}

export interface AdapterContractOptions<T extends ContractTenancy> extends ContractOptions<T> {
  /** A live server on 127.0.0.1 with the routes of the app, the adapter with these options, and its handler of errors, as its page advises. */
  readonly start: (tenancy: T, app: ContractApp, options: SubjectOptions) => Promise<SubjectServer> | SubjectServer
}

/**
 * Each case is one promise. Run them in their order; the last one looks at what the others have left. Takes some seconds and one database.
 * @example const { cases, close } = adapterContract({ open: createTenancy, start }); for (const { name, run } of cases) test(name, run); after(close)
 * @throws TenancyError INVALID_ARGUMENT
 */
export function adapterContract<T extends ContractTenancy>(options: AdapterContractOptions<T>): Contract {
  assertKnownKeys('adapterContract', options, ['open', 'start', 'server', 'database'])
  assertFunction('open of adapterContract', options.open)
  assertFunction('start of adapterContract', options.start)
  const closing: (() => Promise<unknown>)[] = []
  let opened: Promise<AdapterWorld> | undefined
  const world = (): Promise<AdapterWorld> => (opened ??= openWorld(options, closing))
  return {
    cases: Object.entries(promises).map(([name, holds]) => ({ name, run: async () => holds(await world()) })),
    async close() {
      await opened?.catch(() => {})
      for (const close of closing.splice(0).toReversed()) await close()
    },
  }
}

async function openWorld<T extends ContractTenancy>(
  { open, start, server, database }: AdapterContractOptions<T>,
  closing: (() => Promise<unknown>)[],
): Promise<AdapterWorld> {
  const empty = database === undefined ? await openEmptyDatabase(server) : { url: database, close: async () => {} }
  closing.push(() => empty.close())
  const tenancy = await adapterTenancy(open, empty.url)
  closing.push(() => tenancy.close())
  const app = contractApp(tenancy)
  const started = async (options: SubjectOptions): Promise<ContractClient> => {
    const subject = await start(tenancy, app, options)
    closing.push(() => subject.close())
    return new ContractClient(subject.port)
  }
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  closing.push(async () => process.off('unhandledRejection', note))
  return { tenancy, app, client: await started({ none: 'shared' }), started, unhandled }
}

/** Twenty tenants that are served, and one of each status that is not. */
export async function adapterTenancy<T extends ContractTenancy>(open: ContractOptions<T>['open'], database: string): Promise<T> {
  const tenancy = open({
    database,
    migrations: { shared: false, tenant: false },
    pool: { max: 8 },
    resolve: [breaking, byHost({ base: 'example.com' }), byHeader('x-tenant-id', { trusted: true })],
  })
  for (const schema of [...names, 'paused', 'closed', 'gone', 'half']) await tenancy.tenants.create({ schema })
  await tenancy.tenants.suspend('paused')
  await tenancy.tenants.setMaintenance('closed')
  await tenancy.tenants.archive('gone')
  await tenancy.sharedPool.query(`update partywall.tenants set status = 'deleting' where schema = 'half'`)
  await until(async () => {
    if ((await tenancy.tenants.find('half'))?.status === 'active') throw new Error('The change of a tenant was not seen.')
  })
  return tenancy
}

/** Throws nothing, too: a handler of errors that looks at the error only when there is one lets such a request pass. */
function breaking({ headers }: RequestFacts): undefined | Promise<never> {
  const how = headers?.['x-break']
  if (how === 'throws') throw new Error('secret of the resolver')
  // oxlint-disable-next-line no-throw-literal -- this is what is tried
  if (how === 'throws nothing') throw undefined
  return how === 'rejects' ? Promise.reject(new Error('secret of the resolver')) : undefined
}

/** For subjects on node:http. */
export async function listening(server: Server): Promise<SubjectServer> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
