/** The server of the console: what holds for each request, the rooms of the API, and the pages. */
import type { IncomingMessage } from 'node:http'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { accountsOf } from './accounts/accounts.ts'
import { signInRoutes } from './accounts/routes.ts'
import { assets } from './pages/assets.ts'
import { answerError } from './answer-error.ts'
import type { CheckedOptions } from './options.ts'
import type { ConsoleEnv } from './parts.ts'
import { problem } from './problem.ts'
import { rooms } from './rooms.ts'
import { admits, operatorOf } from './security/admits.ts'
import { secureHeaders } from './security/headers.ts'
import { centralSide } from './security/central-side.ts'
import { ownPagesOnly } from './security/own-pages.ts'

/** What a mount knows of a request beside the request itself. */
interface Mount {
  /** Where browsers see the console, with a slash at its end. */
  readonly base: string
  readonly node?: IncomingMessage | undefined
}

export type ConsoleApp = (request: Request, mount: Mount) => Promise<Response>

export interface AppEnv extends ConsoleEnv {
  Bindings: Mount
}

/** The largest body, over all rooms; a room may permit less. */
export const longestBody = 9 * 2 ** 20

export function consoleApp(options: CheckedOptions): ConsoleApp {
  const { tenancy } = options
  const app = new Hono<AppEnv>()
  const client = assets()
  app.use(secureHeaders)
  app.use(centralSide(options))
  app.get('/assets/:name', (c) => client.file(c.req.param('name')))

  const api = new Hono<AppEnv>()
  api.use(ownPagesOnly(options), bodyLimit({ maxSize: longestBody, onError: tooLarge }))
  const accounts = accountsOf(options.authorize)
  if (accounts !== undefined) api.route('/', signInRoutes(accounts))
  api.use(admits(options))
  api.use(async (c, next) => tenancy.actingAs(c.get('operator').id, next))
  api.get('/session', (c) => c.json({ ...c.get('operator'), canSignOut: accounts !== undefined }))
  for (const [name, room] of Object.entries(rooms)) api.route(`/${name}`, room(options))
  api.notFound((c) =>
    problem(c, 404, {
      code: 'NO_SUCH_ADDRESS',
      title: 'There is nothing here',
      detail: 'The API of the console has no such address.',
    }),
  )
  app.route('/api', api)

  // The page is the same for strangers: it says that they must sign in.
  app.get('*', async (c) => client.page(c.env.base, (await operatorOf(options, c)) === undefined ? 401 : 200))
  app.notFound((c) =>
    problem(c, 404, { code: 'NO_SUCH_ADDRESS', title: 'There is nothing here', detail: 'The console has no such address.' }),
  )
  app.onError(answerError)
  return async (request, mount) => app.fetch(request, mount)
}

function tooLarge(c: Parameters<typeof problem>[0]): Response {
  return problem(c, 413, {
    code: 'TOO_LARGE',
    title: 'This is too large for the console',
    detail: `A request may have up to ${longestBody / 2 ** 20} MB.`,
  })
}
