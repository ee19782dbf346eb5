/**
 * Requests that change something come from a page of the same host. A browser says by itself which page it is; the page of another tenant, or of another site, is refused, though its visitor's cookie
 * would come along. A machine sends a token and no cookie, so no one can borrow its browser.
 */
import type { Request, RequestHandler } from 'express'
import { ApiProblem } from './problems.ts'

export function sameOrigin({ except }: { readonly except: readonly string[] }): RequestHandler {
  return (req, _res, next) => {
    const isRead = req.method === 'GET' || req.method === 'HEAD'
    if (isRead || except.includes(req.path) || isOwn(req)) return next()
    next(new ApiProblem(403, 'FOREIGN_ORIGIN', 'Only pages of this address may do this.'))
  }
}

function isOwn(req: Request): boolean {
  const site = req.get('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  const origin = req.get('origin')
  if (origin === undefined) return req.get('cookie') === undefined
  return origin === `${req.protocol}://${req.host}`
}
