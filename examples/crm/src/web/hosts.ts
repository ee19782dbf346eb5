/** Which of the three parts of this app a host is for: the public site, the console, or tenants. */
import type { Request, RequestHandler } from 'express'
import { notFound } from '../api/problems.ts'

export function isAdminHost(req: Pick<Request, 'hostname'>, appUrl: string): boolean {
  return req.hostname === `admin.${new URL(appUrl).hostname}`
}

/**
 * Leads `www.`, `localhost` and addresses of the machine to the public site, which is at one host, so that its cookies are at one. Mount it behind the scope: a host of a tenant has one, and is left alone.
 */
export function oneApex(appUrl: string): RequestHandler {
  const { hostname } = new URL(appUrl)
  return (req, res, next) => {
    if (req.tenant !== undefined || req.hostname === hostname) return next()
    if (req.method !== 'GET' && req.method !== 'HEAD') return next(notFound())
    // Only the path goes along, and it stays a path of our own host.
    const url = new URL(appUrl)
    url.pathname = req.path
    res.set('cache-control', 'no-store').redirect(302, url.href)
  }
}
