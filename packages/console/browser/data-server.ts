/** The console on a port of its own, for an operator whose role a test may change. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { console } from '../src/index.ts'
import type { AnyTenancy, Role } from '../src/parts.ts'

export interface DataServer extends AsyncDisposable {
  readonly origin: string
  /** The role of who asks next. */
  role: Role
}

export async function dataServer(tenancy: AnyTenancy): Promise<DataServer> {
  const state = { role: 'owner' as Role }
  const server = createServer(console(tenancy, { authorize: () => ({ id: 'ann', role: state.role }) }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(state, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
