/** The console with its built pages, on a port of its own. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
// @ts-expect-error it has no types
import { buildClient } from '../build-client.js'
import { console as consoleOf } from '../src/console.ts'
import type { ConsoleOptions } from '../src/options.ts'
import type { AnyTenancy, Role } from '../src/parts.ts'

export interface OpsServer extends AsyncDisposable {
  readonly origin: string
  /** The role of who asks next. */
  role: Role
  /** The id of who asks next. */
  operator: string
}

export async function opsServer(tenancy: AnyTenancy, options: Partial<ConsoleOptions> = {}): Promise<OpsServer> {
  await buildClient()
  const who = { role: 'owner' as Role, operator: 'ann' }
  const handler = consoleOf(tenancy, { authorize: () => ({ id: who.operator, role: who.role }), ...options })
  const server = createServer(handler as never)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return Object.assign(who, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
