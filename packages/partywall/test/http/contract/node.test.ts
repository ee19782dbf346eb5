/** node:http without a framework keeps the contract. */
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { problemAnswer } from '../../../src/http/http.ts'
import { tenantListener } from '../../../src/http/node.ts'
import { httpContract, listening } from './contract.ts'
import { jsonOf, uploadOf } from './node-parts.ts'

httpContract({
  name: 'node:http',
  start(tenancy, { routes }, options) {
    const listener = tenantListener(
      tenancy,
      async (req, res, tenant) => {
        const route = routes.find(({ method, path }) => method === req.method && path === req.url)
        if (route === undefined) return res.writeHead(404).end()
        const isWrong = route.side !== 'both' && (route.side === 'tenant') !== (tenant !== undefined)
        if (isWrong) {
          const { status, headers, body } = problemAnswer(route.side === 'tenant' ? 'TENANT_REQUIRED' : 'SHARED_REQUIRED')
          return res.writeHead(status, headers).end(body)
        }
        const reply = await route.handle({
          onRequest: tenant?.schema,
          json: () => jsonOf(req),
          upload: uploadOf(tenancy, req),
          onClose: (closed) => void res.on('close', closed),
        })
        if ('json' in reply) return res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply.json))
        return pipeline(Readable.from(reply.stream), res.writeHead(200, { 'content-type': reply.type }))
      },
      { ...options, log: () => {} },
    )
    return listening(createServer(listener))
  },
})
