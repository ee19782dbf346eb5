/** The routes of a Hono application, in the order in which Hono goes through them. A middleware is a route, too: it takes `next`. */
import { markOf } from '../../http/shared/middleware-mark.ts'
import type { SeenApp, SeenRoute } from './app-facts.ts'
import { isUnder } from './paths.ts'

interface HonoRoute {
  readonly method: string
  readonly path: string
  readonly handler: Function
}

export function isHono(value: unknown): value is { routes: readonly HonoRoute[] } {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(Reflect.get(value, 'routes')) && typeof Reflect.get(value, 'fetch') === 'function'
}

export function seeHono({ routes: all }: { routes: readonly HonoRoute[] }): SeenApp {
  const scopes: HonoRoute[] = []
  const routes: SeenRoute[] = []
  for (const route of all) {
    const original = originalOf(route.handler)
    const isMiddleware = original.length > 1 && route.method === 'ALL'
    if (markOf(original) === 'scope') scopes.push(route)
    else if (!isMiddleware)
      routes.push({ method: route.method, path: route.path, isInScope: scopes.some((scope) => covers(scope, route)) })
  }
  return { framework: 'Hono', routes, scopes: scopes.length, hidden: [] }
}

/** `/api/*` is for all under it, and for `/api` itself. Any other path is for itself alone. */
function covers(scope: HonoRoute, { method, path }: HonoRoute): boolean {
  if (scope.method !== 'ALL' && scope.method !== method) return false
  return scope.path.endsWith('*') ? isUnder(scope.path.replace(/\/?\*$/, ''), path) : scope.path === path
}

/** A handler of an application that was added to another one by `route` is wrapped, and Hono keeps the original as a property. */
function originalOf(handler: Function): Function {
  const inner = Reflect.get(handler, '__COMPOSED_HANDLER') as unknown
  return typeof inner === 'function' ? originalOf(inner) : handler
}
