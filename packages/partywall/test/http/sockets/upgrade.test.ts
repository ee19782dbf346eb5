/** A plain upgrade keeps the contract of sockets, as far as it goes: who may come, and the scope of the events. What comes later is for the application. */
import { createServer } from 'node:http'
import { WebSocketServer, type WebSocket } from 'ws'
import { tenantUpgrade } from '../../../src/http/node.ts'
import { listening } from '../contract/contract.ts'
import { connectWebSocket, hostHeader } from './client.ts'
import { socketContract } from './contract.ts'
import { connectionOf } from './ws-parts.ts'

socketContract({
  name: 'tenantUpgrade of partywall/node, with ws',
  path: '/',
  connect: connectWebSocket,
  lacks: [
    'a tenant that is suspended, in maintenance or deleted while its socket is open is not served any more',
    'a socket that says nothing ends, too, when its tenant is suspended',
    'a tenant that is renamed is served on, under its new name',
    'a listener that fails is logged, tells the client nothing, and disturbs no other socket',
    'members only: others are refused alike, and who is removed is not served any more',
  ],
  async start(tenancy, app, { none }) {
    const wss = new WebSocketServer({ noServer: true })
    const tenantOf = new WeakMap<WebSocket, string | undefined>()
    const listener = tenantUpgrade(
      tenancy,
      (req, socket, head, tenant) =>
        wss.handleUpgrade(req, socket, head, (ws) => {
          tenantOf.set(ws, tenant?.id)
          const own = (): WebSocket[] => [...wss.clients].filter((client) => tenantOf.get(client) === tenant?.id)
          app.connected(connectionOf(ws, own))
        }),
      {
        ...(none && { none }),
        host: ({ headers }) => headers[hostHeader] as string | undefined,
        log: (error) => app.logged.push(error),
      },
    )
    const { port, close } = await listening(createServer().on('upgrade', listener))
    return { port, close: () => (wss.clients.forEach((client) => client.terminate()), close()) }
  },
})
