/**
 * What an application has of an instance of Better Auth. All instances of a process share one "current adapter", and a call of one instance inside a handler of another would
 * read and write the other's tables: a tenant's user would sign in as a central one. So each call here runs with the adapter of its own instance.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Database } from '../../ports/database.ts'
import type { SignIn } from '../../ports/user-accounts.ts'
import { recordAction } from '../../catalog/audit/record.ts'
import { authUsers } from './auth-users.ts'
import { runWithAdapter } from '@better-auth/core/context'
import type { Auth, BetterAuthOptions } from 'better-auth'
import { problemAnswer } from '../../http/shared/problem.ts'
import { fromNodeHeaders, toNodeHandler } from 'better-auth/node'

/** A request in the form of Node.js or of fetch. */
export interface AuthRequest {
  readonly headers: Headers | IncomingMessage['headers']
}

export interface AuthHandle<O extends BetterAuthOptions = BetterAuthOptions> extends SignIn {
  /** Answers a request below `/api/auth`, in the form of fetch. */
  readonly handler: (request: Request) => Promise<Response>
  /**
   * The same for Express and node:http. Mount it in front of parsers of the body. An error goes to `next`; without one it is answered with 500.
   * @example app.all('/api/auth/{*path}', auth.node)
   */
  readonly node: (req: IncomingMessage, res: ServerResponse, next?: (error: unknown) => void) => void
  /**
   * Calls the API of the instance. There is no other way to it, because a plain call inside a handler of another instance would use the tables of that one.
   * @example const session = await auth.call((api) => api.getSession({ headers }))
   */
  call<T>(fn: (api: Auth<O>['api']) => T): Promise<Awaited<T>>
  /**
   * The id of the user whose session a request has: for the option `user` of an adapter. Undefined: none.
   * @example app.use(tenantScope(tenancy, { user: auth.userOf }))
   */
  readonly userOf: (request: AuthRequest) => Promise<string | undefined>
}

/**
 * @param current gives the instance for the code that runs
 * @param audit where its accounts are recorded
 */
export function authHandle<O extends BetterAuthOptions>(current: () => Promise<Auth<O>>, audit: AuditOfUsers): AuthHandle<O> {
  const handler = async (request: Request): Promise<Response> => (await current()).handler(request)
  const answer = toNodeHandler(handler)
  const node: AuthHandle['node'] = (req, res, next = () => send500(res)) => void answer(req, res).catch(next)
  const call = async <T>(fn: (api: Auth<O>['api']) => T): Promise<Awaited<T>> => {
    const auth = await current()
    const { adapter } = await auth.$context
    return await runWithAdapter(adapter, async () => await fn(auth.api))
  }
  return Object.freeze({
    handler,
    node,
    call,
    users: authUsers(current, async (action, userId) => {
      const entry = { action, tenant: audit.tenant?.(), object: userId }
      await audit.catalog.transaction((transaction) => recordAction(transaction, entry))
    }),
    userOf: async ({ headers }: AuthRequest) => {
      const given = headers instanceof Headers ? headers : fromNodeHeaders(headers)
      const session = await call((api) => (api as unknown as Auth['api']).getSession({ headers: given }))
      return session?.user.id
    },
  })
}

/** The catalog, and the tenant whose accounts are meant; absent for central ones. */
export interface AuditOfUsers {
  readonly catalog: Pick<Database, 'transaction'>
  readonly tenant?: () => { readonly id: string }
}

function send500(res: ServerResponse): void {
  const { status, headers, body } = problemAnswer('INTERNAL_ERROR')
  if (res.headersSent) res.destroy()
  else res.writeHead(status, headers).end(body)
}
