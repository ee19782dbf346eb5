/** Fastify 5 keeps the contract. */
import { Readable } from 'node:stream'
import { fastify } from 'fastify'
import { requireShared, requireTenant, tenancyErrors, tenantPlugin } from '../../../src/http/fastify.ts'
import { httpContract, listening } from './contract.ts'
import { uploadOf } from './node-parts.ts'

httpContract({
  name: 'Fastify 5',
  async start(tenancy, { routes }, options) {
    const app = fastify({ bodyLimit: 1_000_000, forceCloseConnections: true })
    app.setErrorHandler(tenancyErrors())
    // The parser of a plugin for uploads: it only leaves the body to the handler.
    app.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null))
    await app.register(tenantPlugin(tenancy, options))
    await app.register(async (inner) => {
      for (const { method, path, side, handle } of routes) {
        const guards = { tenant: requireTenant(), shared: requireShared(), both: [] }[side]
        inner.route({
          method,
          url: path,
          onRequest: guards,
          async handler(request, response) {
            const reply = await handle({
              onRequest: request.tenant?.schema,
              json: async () => request.body,
              upload: uploadOf(tenancy, request.raw),
              onClose: (listener) => void response.raw.on('close', listener),
            })
            if ('json' in reply) return reply.json
            return response.type(reply.type).send(Readable.from(reply.stream))
          },
        })
      }
    })
    await app.ready()
    return listening(app.server)
  },
})
