/** What TypeScript infers for the adapters of sockets. Checked by `npm run types`; nothing here runs. */
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import { Server } from 'socket.io'
import { expectTypeOf } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { tenantUpgrade } from '../../src/http/node.ts'
import { tenantRoom, tenantSockets } from '../../src/http/socket-io/socket-io.ts'
import { memberOf, tenantClients, tenantWebSockets, type HttpTenancy, type RequestMember } from '../../src/http/ws.ts'
import type { Tenancy } from '../../src/tenancy.ts'
import type { Tenant } from '../../src/types.ts'

interface Plan {
  plan: 'free' | 'paid'
}

declare const tenancy: HttpTenancy<Plan>
declare const whole: Tenancy<Plan>
declare const server: HttpServer
declare const wss: WebSocketServer

server.on('upgrade', tenantWebSockets(tenancy, wss))
server.on('upgrade', tenantWebSockets(whole, new WebSocketServer({ noServer: true }), { member: true, user: () => 'ann' }))
tenantWebSockets(tenancy, wss, {
  none: 'shared',
  recheckMs: 5000,
  member: { roles: ['admin'], can: 'polls.write' },
  user: (req) => req.headers.cookie,
  authorize: (tenant) => tenant.attributes.plan === 'paid',
  origin(origin, req, tenant) {
    expectTypeOf(origin).toEqualTypeOf<string | undefined>()
    expectTypeOf(req).toEqualTypeOf<IncomingMessage>()
    expectTypeOf(tenant).toEqualTypeOf<Tenant<Plan> | undefined>()
    return tenant?.attributes.plan === 'paid'
  },
})
wss.on('connection', (_ws, req) => expectTypeOf(memberOf(req)).toEqualTypeOf<RequestMember>())
expectTypeOf(tenantClients(whole, wss)).toEqualTypeOf<WebSocket[]>()

tenantSockets(tenancy, new Server())
tenantSockets(whole, new Server<{ ask(): void }, { told(): void }, object, { note: string }>(), {
  origin: ['https://app.example.com'],
})
expectTypeOf(tenantRoom({ id: 'x' }, 'room-1')).toEqualTypeOf<string>()
tenantUpgrade(tenancy, () => {}, { origin: 'any' })

// @ts-expect-error a tenancy can resolve
tenantWebSockets({ run() {} }, wss)
// @ts-expect-error there is no such policy
tenantWebSockets(tenancy, wss, { origin: 'all' })
// @ts-expect-error roles are names
tenantWebSockets(tenancy, wss, { member: { roles: 7 } })
// @ts-expect-error a server of Socket.IO comes second
tenantSockets(tenancy, wss)
