/**
 * The contract notices what adapters often get wrong. Each of these is what a first attempt looks like: a scope that ends when the handler returns, a tenant
 * that is kept in a variable, errors as Node.js and frameworks send them.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeFacts } from '../../../src/http/http.ts'
import type { Tenancy } from '../../../src/tenancy.ts'
import type { Tenant } from '../../../src/types.ts'
import { expectBroken, listening, type Subject } from './contract.ts'
import { jsonOf, uploadOf } from './node-parts.ts'
import type { Call, Reply } from './routes.ts'

type Enter = (tenancy: Tenancy, tenant: Tenant, handle: () => Promise<Reply>) => Promise<Reply>

/** A server whose handler is entered by `enter`, and which does nothing else that the contract asks for. */
function naive(name: string, enter: Enter): Subject {
  return {
    name,
    start(tenancy, app) {
      const server = createServer(async (req, res) => {
        try {
          const resolution = await tenancy.resolve(nodeFacts(req))
          if (resolution.outcome !== 'resolved') return res.writeHead(404).end(JSON.stringify(resolution))
          const route = app.routes.find(({ path }) => path === req.url)
          if (route === undefined) return res.writeHead(404).end()
          const call = callOf(tenancy, resolution.tenant, req, res)
          return send(res, await enter(tenancy, resolution.tenant, () => route.handle(call)))
        } catch (error) {
          return res.headersSent ? res.destroy() : res.writeHead(500).end(String(error))
        }
      })
      return listening(server)
    },
  }
}

function callOf(tenancy: Tenancy, tenant: Tenant, req: IncomingMessage, res: ServerResponse): Call {
  return {
    onRequest: tenant.schema,
    json: () => jsonOf(req),
    upload: uploadOf(tenancy, req),
    onClose: (listener) => void res.on('close', listener),
  }
}

/** After the handler has returned, as frameworks do it. */
function send(res: ServerResponse, reply: Reply): unknown {
  if ('json' in reply) return res.end(JSON.stringify(reply.json))
  return Readable.from(reply.stream)
    .on('error', () => res.destroy())
    .pipe(res.setHeader('content-type', reply.type))
}

expectBroken(
  naive('a scope around the handler only', (tenancy, tenant, handle) => tenancy.run(tenant, handle)),
  [
    'a body of 300 kB is parsed in the scope, as JSON and as an upload',
    'a stream that is read after the handler returned stays with its tenant, for a slow client, too',
    'server-sent events stay with their tenant',
    'a client that leaves changes nothing for its request, and is noticed in its scope',
    'a handler that fails late is answered with 500 and no message; others go on',
    'tenants that do not exist, are archived or are being deleted have one answer, byte for byte',
  ],
)

// The tenant of the last request, for every request: the mistake that this field knows best. A handler begins after a while, as behind a lookup.
let last: Tenant | undefined
expectBroken(
  naive('a tenant in a variable', async (tenancy, tenant, handle) => {
    last = tenant
    await sleep(100)
    return tenancy.run(last, handle)
  }),
  ['a request runs in its scope at every await, callback, timer and event, with 40 at once'],
)
