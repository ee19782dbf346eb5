/** What an application says about its console. */
import type { IncomingMessage } from 'node:http'
import { TenancyError } from 'partywall'
import type { AnyTenancy, ConsoleParts, Operator } from './parts.ts'

export interface ConsoleOptions extends Omit<ConsoleParts, 'tenancy' | 'authorize'> {
  /**
   * Who uses the console in this request; undefined for a stranger, who gets 401. It is asked for each request, so a right that was taken is gone at once. There is
   * no default. `node` is the request of node:http, where there is one: what middlewares have set on it, such as a session.
   */
  readonly authorize: (request: Request, node?: IncomingMessage) => Operator | undefined | Promise<Operator | undefined>
  /** Where a stranger is sent to sign in: a path of this host, or an address. @default none: the page says that it is for operators */
  readonly signInUrl?: string | undefined
  /**
   * Where browsers see the console, such as `/admin`. Express, Fastify and Nest tell it themselves. Needed for `fetch` in Hono and Next.js, and behind a proxy that takes a prefix away.
   * @default the path at which it is mounted
   */
  readonly path?: string | undefined
  /**
   * Hosts at which the console answers; at others it is not there. @default every host that belongs to no tenant
   */
  readonly hosts?: readonly string[] | undefined
  /** Whether `X-Forwarded-Host` is the host of the request: only behind a proxy that replaces it. @default false */
  readonly trustProxy?: boolean | undefined
}

export interface CheckedOptions extends ConsoleOptions {
  readonly tenancy: AnyTenancy
  /** Without a slash at its end; `''` for the root. */
  readonly path: string | undefined
}

const known = ['authorize', 'signInUrl', 'path', 'hosts', 'trustProxy', 'jobs']

/** @throws TenancyError INVALID_OPTION */
export function checkedOptions(tenancy: AnyTenancy, options: ConsoleOptions | undefined): CheckedOptions {
  if (typeof (tenancy as Partial<AnyTenancy> | undefined)?.tenants?.list !== 'function')
    throw invalid('The first argument of console() must be a tenancy, as createTenancy gives it')
  if (typeof options?.authorize !== 'function')
    throw invalid(
      'The option "authorize" is missing: console() shows the rows of all tenants, so it has no default for who may enter. Give a function that returns the operator of a request, or undefined',
    )
  for (const key of Object.keys(options))
    if (!known.includes(key)) throw invalid(`console() has no option ${JSON.stringify(key)}; it has ${known.join(', ')}`)
  const { path, hosts } = options
  if (path !== undefined && !/^(?:\/[\w.~-]+)*\/?$/.test(path))
    throw invalid(`The option "path" must be a path such as "/admin"; it is ${JSON.stringify(path)}`)
  if (
    hosts !== undefined &&
    (hosts.length === 0 || hosts.some((host) => !/^[\w.-]+(?::\d+)?$|^\[[\da-f:]+\](?::\d+)?$/i.test(host)))
  )
    throw invalid(`The option "hosts" must be a list of hosts such as "admin.example.com"; it is ${JSON.stringify(hosts)}`)
  if (options.signInUrl !== undefined && !/^(?:https?:\/\/[^/]|\/(?![/\\]))/.test(options.signInUrl))
    throw invalid(
      `The option "signInUrl" must be a path such as "/sign-in", or an address of http; it is ${JSON.stringify(options.signInUrl)}`,
    )
  return { ...options, tenancy, path: path?.replace(/\/$/, '') }
}

function invalid(summary: string): TenancyError {
  return new TenancyError('INVALID_OPTION', `${summary}.`)
}
