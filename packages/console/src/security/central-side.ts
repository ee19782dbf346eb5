/**
 * The console is not there at the host of a tenant, nor in the scope of one, whatever stands in front of it: a page of a tenant could otherwise use the cookies of an operator.
 * The request is resolved here once more, because the console may be mounted in front of the application's own middleware. Cookies and credentials are left out: an operator's
 * browser may keep a cookie that names the tenant which was worked in last. With a doubt the answer is 404.
 */
import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from '../app.ts'
import type { CheckedOptions } from '../options.ts'
import { hostOf } from './host-of.ts'

export function centralSide(options: CheckedOptions): MiddlewareHandler<AppEnv> {
  const hosts = options.hosts?.map((host) => host.toLowerCase())
  return async (c, next) => {
    if (!(await isCentral(options, hosts, c))) return c.text('Not Found', 404)
    await next()
    return undefined
  }
}

async function isCentral(
  { tenancy, ...options }: CheckedOptions,
  hosts: readonly string[] | undefined,
  c: Context<AppEnv>,
): Promise<boolean> {
  if (tenancy.scope()?.kind === 'tenant') return false
  const host = hostOf(c.req.raw, c.env.node, options)
  if (hosts !== undefined && !hosts.includes(host)) return false
  // Without a resolver no request names a tenant: an application of scripts alone, looked at by `partywall console`.
  if (tenancy.options.resolve.length === 0) return true
  const { outcome } = await tenancy.resolve({ host, headers: namingHeaders(c.req.raw.headers) })
  // A host that no tenant has may be one of the application's own; only its owner can say so.
  if (outcome !== 'none' && !(outcome === 'unknown' && hosts !== undefined)) return false
  // Below the path of a tenant, such as /t/acme/admin. A path that no tenant has is not a tenant's.
  const below = await tenancy.resolve({ path: c.env.base })
  return ['none', 'unknown', 'invalid'].includes(below.outcome)
}

const notNaming: ReadonlySet<string> = new Set(['cookie', 'authorization'])

function namingHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !notNaming.has(name)))
}
