/**
 * Deny by default: below `/api` only what is in the list of routes, with its rule, reaches a handler. A handler that is mounted beside the list, without a thought of who may call it, is never
 * reached, and a test holds that.
 */
import type { RequestHandler } from 'express'
import { notFound } from './problems.ts'
import type { ApiRoute } from './route.ts'

/** @param open beginnings of paths whose own guards decide, such as those of the sign-in */
export function denyByDefault(
  routes: readonly Pick<ApiRoute, 'method' | 'path' | 'side'>[],
  open: readonly string[],
): RequestHandler {
  const known = routes.map(({ method, path, side }) => ({
    method: method.toUpperCase(),
    side,
    pattern: new RegExp(`^${path.replaceAll(/[.]/g, '\\.').replaceAll(/:\w+/g, '[^/]+')}/?$`, 'i'),
  }))
  return (req, _res, next) => {
    const path = req.baseUrl + req.path
    const method = req.method === 'HEAD' ? 'GET' : req.method
    const side = req.tenant === undefined ? 'shared' : 'tenant'
    const isKnown =
      open.some((beginning) => path.startsWith(beginning)) ||
      known.some((route) => route.method === method && route.side === side && route.pattern.test(path))
    next(isKnown ? undefined : notFound())
  }
}
