/**
 * The application of the contract: a few routes, the same for every framework, whose answers say in which scope each step ran. A subject mounts them in the way
 * of its framework.
 */
import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ContractTenancy } from './contract.ts'

/** What a route has of its request, read in the way of the framework. */
export interface ContractCall {
  /** The schema of the tenant that the framework's request object holds. */
  readonly onRequest: string | undefined
  /** The body that the framework's parser for JSON gave, or gives. */
  json(): Promise<unknown>
  /** The one file of a multipart body: its size, and the scopes in which the code that parses it ran. */
  upload(): Promise<{ bytes: number; scopes: Iterable<string> }>
  /** Called when the connection has ended. */
  onClose(listener: () => void): void
}

export type ContractReply =
  | { readonly json: unknown }
  /** The framework's own way to stream; what is produced is the text of each chunk. */
  | { readonly stream: AsyncIterable<string>; readonly type: string }

export interface ContractRoute {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Guarded by the adapter's requireTenant or requireShared. */
  readonly side: 'tenant' | 'shared' | 'both'
  handle(call: ContractCall): Promise<ContractReply>
}

export interface ContractApp {
  readonly routes: readonly ContractRoute[]
  /** What ran after its answer, by the schema of the request. */
  readonly late: string[]
}

export const chunkSize = 40_000
const chunks = 6

export function contractApp(tenancy: ContractTenancy): ContractApp {
  const late: string[] = []
  const { scope, schemaOfQuery, everywhere } = scopeProbe(tenancy)

  /** Each chunk is produced when the one before has left, and says in which scope. */
  async function* produce(end?: 'fails'): AsyncGenerator<string> {
    for (let index = 0; index < chunks; index++) {
      await sleep(2)
      yield `${scope()} ${await schemaOfQuery()} `.padEnd(chunkSize, '.')
      if (end === 'fails' && index === 2) throw new Error('secret of the stream')
    }
  }

  async function* events(): AsyncGenerator<string> {
    for (let index = 0; index < 4; index++) {
      await sleep(5)
      yield `data: ${scope()} ${await schemaOfQuery()}\n\n`
    }
  }

  const routes: ContractRoute[] = [
    {
      method: 'GET',
      path: '/who',
      side: 'both',
      handle: async ({ onRequest }) => ({ json: { scopes: await everywhere(), onRequest: onRequest ?? 'none' } }),
    },
    { method: 'GET', path: '/own', side: 'tenant', handle: async () => ({ json: { scope: scope() } }) },
    { method: 'GET', path: '/central', side: 'shared', handle: async () => ({ json: { scope: scope() } }) },
    {
      method: 'POST',
      path: '/json',
      side: 'both',
      async handle({ json }) {
        const body = (await json()) as { items: unknown[] }
        return { json: { scope: scope(), schema: await schemaOfQuery(), items: body.items.length } }
      },
    },
    {
      method: 'POST',
      path: '/upload',
      side: 'both',
      async handle({ upload }) {
        const { bytes, scopes } = await upload()
        return { json: { scopes: [...new Set([...scopes, scope()])], bytes } }
      },
    },
    { method: 'GET', path: '/stream', side: 'both', handle: async () => ({ stream: produce(), type: 'text/plain' }) },
    { method: 'GET', path: '/events', side: 'both', handle: async () => ({ stream: events(), type: 'text/event-stream' }) },
    {
      method: 'GET',
      path: '/broken-stream',
      side: 'both',
      handle: async () => ({ stream: produce('fails'), type: 'text/plain' }),
    },
    {
      method: 'GET',
      path: '/fails',
      side: 'both',
      async handle() {
        await sleep(2)
        throw new Error('secret of the handler')
      },
    },
    {
      method: 'GET',
      path: '/leaves',
      side: 'both',
      async handle({ onClose }) {
        const schema = scope()
        onClose(() => late.push(`closed ${schema} in ${scope()}`))
        await sleep(60)
        late.push(`done ${schema} in ${scope()}, ${await schemaOfQuery()}`)
        return { json: {} }
      },
    },
  ]
  return { routes, late }
}

/** What code can ask about the scope that it runs in. */
export function scopeProbe(tenancy: ContractTenancy) {
  const scope = (): string => {
    const value = tenancy.scope()
    return value?.kind === 'tenant' ? value.tenant.schema : (value?.kind ?? 'none')
  }
  const schemaOfQuery = async (): Promise<string> => {
    const { rows } = await tenancy.pool.query<{ schema: string }>('select current_schema() as schema')
    return rows[0]!.schema
  }

  /** The scope at the places to which a context is easily lost. */
  async function everywhere(): Promise<string[]> {
    const seen = [scope()]
    const note = (): void => void seen.push(scope())
    await sleep(Math.random() * 5)
    note()
    await new Promise<void>((resolve) => setImmediate(() => queueMicrotask(() => process.nextTick(() => resolve(note())))))
    const emitter = new EventEmitter()
    setTimeout(() => emitter.emit('tick'), 1)
    await once(emitter, 'tick')
    note()
    await Promise.all([sleep(1).then(note), schemaOfQuery().then(note)])
    await new Promise<void>((resolve, reject) =>
      tenancy.pool.query('select 1', (error) => (error === undefined || error === null ? resolve(note()) : reject(error))),
    )
    const client = await tenancy.pool.connect()
    try {
      const { rows } = await client.query<{ schema: string }>('select current_schema() as schema')
      seen.push(rows[0]!.schema)
    } finally {
      client.release()
    }
    return seen
  }

  return { scope, schemaOfQuery, everywhere }
}
