/**
 * The console is not there at the host of a tenant, nor in the scope of one, whatever stands in front of it: a page of a tenant could otherwise use the cookies
 * of an operator. Only the host is asked about, because a cookie or a header of an operator's browser may name the tenant that was worked in last.
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
  const host = hostOf(c.req.raw, options)
  if (hosts !== undefined && !hosts.includes(host)) return false
  const { outcome } = await tenancy.resolve({ host })
  return outcome === 'none' || (outcome === 'unknown' && hosts !== undefined)
}
