/** The contract of sockets notices what a first attempt gets wrong, with each of the two libraries. */
import { createServer } from 'node:http'
import { Server, type Socket } from 'socket.io'
import { WebSocketServer } from 'ws'
import { nodeFacts } from '../../../src/http/http.ts'
import type { Tenant } from '../../../src/types.ts'
import { listening } from '../contract/contract.ts'
import type { Question } from './app.ts'
import { connectSocketIo, connectWebSocket, hostHeader } from './client.ts'
import { expectBroken } from './contract.ts'
import { connectionOf } from './ws-parts.ts'

expectBroken(
  {
    name: 'ws: the tenant is resolved once, and the upgrade runs in its scope',
    path: '/',
    connect: connectWebSocket,
    async start(tenancy, app) {
      const wss = new WebSocketServer({ noServer: true })
      const server = createServer().on('upgrade', async (req, socket, head): Promise<unknown> => {
        const resolution = await tenancy.resolve(nodeFacts(req, { host: req.headers[hostHeader] as string | undefined }))
        if (resolution.outcome !== 'resolved') return socket.destroy()
        return tenancy.run(resolution.tenant, () =>
          wss.handleUpgrade(req, socket, head, (ws) => app.connected(connectionOf(ws, () => wss.clients))),
        )
      })
      const { port, close } = await listening(server)
      return { port, close: () => (wss.clients.forEach((client) => client.terminate()), close()) }
    },
  },
  [
    'each message runs in its scope at every await, callback, timer and event, with 40 sockets at once',
    'the end of a socket is noticed in its scope',
    'pages of strangers and of other tenants open no socket',
    'a tenant that is suspended, in maintenance or deleted while its socket is open is not served any more',
    'a broadcast reaches the sockets of its tenant, and no other',
  ],
)

// The tenant of the last connection, for every message: the mistake that this field knows best.
let last: Tenant | undefined
expectBroken(
  {
    name: 'ws: a tenant in a variable',
    path: '/',
    connect: connectWebSocket,
    async start(tenancy, app) {
      const wss = new WebSocketServer({ noServer: true })
      const server = createServer().on('upgrade', async (req, socket, head): Promise<unknown> => {
        const resolution = await tenancy.resolve(nodeFacts(req))
        if (resolution.outcome !== 'resolved') return socket.destroy()
        last = resolution.tenant
        return wss.handleUpgrade(req, socket, head, (ws) => {
          const connection = connectionOf(ws, () => wss.clients)
          app.connected({
            ...connection,
            onQuestion: (listener) => connection.onQuestion((question) => tenancy.run(last!, () => listener(question))),
          })
        })
      })
      const { port, close } = await listening(server)
      return { port, close: () => (wss.clients.forEach((client) => client.terminate()), close()) }
    },
  },
  ['each message runs in its scope at every await, callback, timer and event, with 40 sockets at once'],
)

expectBroken(
  {
    name: 'Socket.IO: a middleware resolves the tenant, and each listener is wrapped',
    path: '/socket.io/?EIO=4&transport=websocket',
    connect: connectSocketIo(['websocket']),
    async start(tenancy, app) {
      const server = createServer()
      const io = new Server(server)
      io.use(async (socket, next) => {
        const { request } = socket
        const resolution = await tenancy.resolve(nodeFacts(request, { host: request.headers[hostHeader] as string | undefined }))
        if (resolution.outcome !== 'resolved') return next(new Error(resolution.outcome))
        socket.data = resolution.tenant
        return next()
      })
      io.on('connection', (socket: Socket) => {
        const enter = <T>(fn: () => T) => tenancy.run(socket.data as Tenant, fn)
        void enter(() =>
          app.connected({
            onQuestion: (listener) =>
              void socket.on('question', (question: Question) => void enter(() => listener(question)).catch(() => {})),
            onClose: (listener) => void socket.on('disconnect', () => listener()),
            answer: (id, reply) => void socket.emit('message', { id, reply }),
            broadcast: (text) => void io.emit('message', { text }),
          }),
        )
      })
      const { port, close } = await listening(server)
      return { port, close: async () => (await io.close(), close()) }
    },
  },
  [
    'the end of a socket is noticed in its scope',
    'pages of strangers and of other tenants open no socket',
    'a broadcast reaches the sockets of its tenant, and no other',
    'a listener that fails is logged, tells the client nothing, and disturbs no other socket',
  ],
)
