/**
 * The console on this machine, for one browser. Other users of the machine can reach the port, and so can pages in the browser: the address holds a token that works once, and
 * becomes a cookie that no page of another site sends.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UsageError } from '../terminal/failure.ts'
import type { ConsolePackage } from './load-console.ts'

export interface LocalConsole extends AsyncDisposable {
  /** With the token. */
  readonly url: string
}

export async function serveLocally(
  tenancy: unknown,
  consoleOf: ConsolePackage['console'],
  { port, operator }: { readonly port: number; readonly operator: string },
): Promise<LocalConsole> {
  let token: string | undefined = randomBytes(32).toString('base64url')
  const session = randomBytes(32).toString('base64url')
  const server = createServer()
  await listen(server, port)
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  // Cookies are for all ports of a host: the port keeps two consoles apart.
  const cookie = `partywall_console_${address.split(':')[1]}`
  const isSession = (header: string | null | undefined): boolean =>
    (header ?? '').split(/;\s*/).some((pair) => pair.startsWith(`${cookie}=`) && isSame(pair.slice(cookie.length + 1), session))
  const admin = consoleOf(tenancy, {
    authorize: ({ headers }) => (isSession(headers.get('cookie')) ? { id: operator, role: 'owner' } : undefined),
    path: '',
    // A page that leads a name of its own to this machine is another host.
    hosts: [address],
  })

  function answer(req: IncomingMessage, res: ServerResponse): void {
    const given = /^\/enter\?token=([\w-]+)$/.exec(req.url ?? '')?.[1]
    if (given === undefined || req.method !== 'GET' || req.headers.host !== address) return admin(req, res)
    const fits = token !== undefined && isSame(given, token)
    if (fits) token = undefined
    // The address was opened a second time in the same browser: it is in already.
    else if (!isSession(req.headers.cookie)) return refuse(res)
    res
      .writeHead(303, {
        ...(fits && { 'set-cookie': `${cookie}=${session}; Path=/; HttpOnly; SameSite=Strict` }),
        location: '/',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      })
      .end()
  }

  server.on('request', answer)
  return {
    url: `http://${address}/enter?token=${token}`,
    async [Symbol.asyncDispose]() {
      server.close()
      // Also those that follow events.
      server.closeAllConnections()
    },
  }
}

function refuse(res: ServerResponse): void {
  res.writeHead(401, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  res.end('This address was used, or is none of this console. Start `partywall console` again for a new one.\n')
}

function isSame(given: string, known: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(known)]
  return one.length === other.length && timingSafeEqual(one, other)
}

async function listen(server: Server, port: number): Promise<void> {
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['EADDRINUSE', 'EACCES', 'ERR_SOCKET_BAD_PORT'].includes(code)) throw error
    throw new UsageError(`Port ${port} of 127.0.0.1 cannot be had (${code}). Leave --port out for one that is free.`)
  }
}
