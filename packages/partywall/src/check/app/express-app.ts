/**
 * The stack of an Express application, 5 or 4: what Express goes through for each request, in order. A router is walked as what it is, a stack in the
 * stack. An application that is mounted in another one is hidden behind a function, and so is what a function does.
 */
import { markOf } from '../../http/shared/middleware-mark.ts'
import type { SeenApp, SeenRoute } from './app-facts.ts'
import { isEverything, isUnder, joined, unknownPrefix } from './paths.ts'

interface Layer {
  readonly handle: unknown
  readonly name?: string
  readonly route?: Route | undefined
  /** Express 5, with router 2.3 and newer. */
  readonly rawPath?: unknown
  /** Express 5: it is mounted at `/`. */
  readonly slash?: boolean
  /** Express 4. */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean; readonly fast_star?: boolean }
}

interface Route {
  readonly path: unknown
  readonly stack: readonly { readonly handle: unknown; readonly method?: string | undefined }[]
}

export function isExpress(value: unknown): boolean {
  return (
    typeof value === 'function' &&
    typeof Reflect.get(value, 'handle') === 'function' &&
    typeof Reflect.get(value, 'set') === 'function'
  )
}

export function isRouter(value: unknown): boolean {
  return typeof value === 'function' && Array.isArray(Reflect.get(value, 'stack'))
}

/** An application, or a router. */
export function seeExpress(app: object): SeenApp {
  const walk = new Walk()
  walk.through(stackOf(app) ?? [], { prefix: '', entered: [], isBehindErrors: false })
  const { routes, scopes, hidden } = walk
  return { framework: 'Express', routes, scopes, hidden }
}

interface Place {
  /** Where the stack is mounted. */
  readonly prefix: string
  /** The paths under which a middleware has entered the scope before. */
  readonly entered: readonly string[]
  readonly isBehindErrors: boolean
}

class Walk {
  readonly routes: (SeenRoute & { isBehindErrors: boolean })[] = []
  readonly hidden: string[] = []
  scopes = 0

  /** Returns the paths under which the scope is entered now: a router that goes on with `next` stays in it. */
  through(stack: readonly Layer[], { prefix, entered: before, isBehindErrors: isLate }: Place): readonly string[] {
    const first = this.routes.length
    const entered = [...before]
    let isBehindErrors = isLate
    for (const layer of stack) {
      const { handle, route } = layer
      if (route !== undefined) {
        entered.push(...this.#route(route, { prefix, entered, isBehindErrors }))
        continue
      }
      const paths = mountPaths(layer).map((path) => joined(prefix, path))
      const mark = markOf(handle)
      if (mark === 'scope') {
        this.scopes++
        entered.push(...paths)
      } else if (mark === 'errors') {
        if (!paths.includes(joined(prefix, '/'))) continue
        // Errors of the routes so far reach this one.
        for (const seen of this.routes.slice(first)) seen.isBehindErrors = isLate
        isBehindErrors = true
      } else {
        const inner = stackOf(handle)
        for (const path of paths) {
          const place = { prefix: path, entered, isBehindErrors }
          if (inner !== undefined) entered.push(...this.through(inner, place).filter((one) => !entered.includes(one)))
          else if (path !== joined(prefix, '/')) this.#mounted(layer, place)
        }
      }
    }
    return entered
  }

  #route(route: Route, { prefix, entered, isBehindErrors }: Place): string[] {
    const byMethod = methodsOf(route)
    if (byMethod.some(({ entersAt }) => entersAt !== -1)) this.scopes++
    // app.all('*', tenantScope(tenancy)) is a middleware in the form of a route.
    if (isForAll(byMethod) && routePaths(route.path).some(isEverything)) return [joined(prefix, '/')]
    const serving = byMethod.filter((one) => !isScopeAlone(one))
    for (const path of routePaths(route.path).map((one) => joined(prefix, one))) {
      const isIn = ({ entersAt, last }: OfMethod): boolean =>
        (entersAt !== -1 && entersAt < last) || entered.some((scope) => isUnder(scope, path))
      for (const [isInScope, alike] of Map.groupBy(serving, isIn))
        this.routes.push({ method: shownMethods(alike), path, isInScope, isBehindErrors })
    }
    return []
  }

  /** A function at a path of its own may answer, as a route does. */
  #mounted({ handle, name = '' }: Layer, { prefix: path, entered, isBehindErrors }: Place): void {
    if (typeof handle !== 'function' || handle.length > 3 || passing.has(name)) return
    if (name === 'mounted_app') this.hidden.push(`the application that is mounted at ${path}`)
    this.routes.push({ method: 'use', path, isInScope: entered.some((scope) => isUnder(scope, path)), isBehindErrors })
  }
}

/** Middlewares of Express itself: none of them queries. */
const passing = new Set(['serveStatic', 'jsonParser', 'rawParser', 'textParser', 'urlencodedParser'])

interface OfMethod {
  readonly method: string
  /** Where its handlers enter the scope; -1: nowhere. */
  readonly entersAt: number
  readonly last: number
}

/** The handlers of each method of a route: those for it, and those for all methods, in their order. */
function methodsOf({ stack }: Route): OfMethod[] {
  const methods = [...new Set(stack.map(({ method }) => method))]
  return methods.map((method) => {
    const handlers = stack.filter((one) => one.method === method || one.method === undefined)
    const entersAt = handlers.findIndex(({ handle }) => markOf(handle) === 'scope')
    return { method: method?.toUpperCase() ?? 'ALL', entersAt, last: handlers.length - 1 }
  })
}

/** It enters the scope, whatever the method, and does nothing else. `all` of an application adds its handler to each method. */
function isForAll(byMethod: readonly OfMethod[]): boolean {
  const isAll = byMethod.some(({ method }) => method === 'ALL') || byMethod.length > mostMethods
  return isAll && byMethod.every(isScopeAlone)
}

function isScopeAlone({ entersAt, last }: OfMethod): boolean {
  return entersAt === 0 && last === 0
}

function shownMethods(all: readonly OfMethod[]): string {
  return all.length > mostMethods ? 'ALL' : all.map(({ method }) => method).join(', ')
}

/** More methods than a route lists one by one. */
const mostMethods = 8

/** Express 4 throws when `router` of an application is read. */
function stackOf(value: unknown): readonly Layer[] | undefined {
  if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) return undefined
  const own = Reflect.get(value, 'stack') as unknown
  if (Array.isArray(own)) return own as Layer[]
  if (!isExpress(value)) return undefined
  const router = (Reflect.get(value, '_router') ?? routerOf(value)) as { stack?: Layer[] } | undefined
  return router?.stack ?? []
}

function routerOf(app: object): unknown {
  try {
    return Reflect.get(app, 'router')
  } catch {
    return undefined
  }
}

function routePaths(path: unknown): string[] {
  return [path].flat(Infinity).map((one) => (typeof one === 'string' ? one : `${unknownPrefix}${String(one)}`))
}

/** Where a middleware or router is mounted. */
function mountPaths({ rawPath, slash, regexp }: Layer): string[] {
  if (slash === true || regexp?.fast_slash === true || regexp?.fast_star === true) return ['/']
  if (rawPath !== undefined) return routePaths(rawPath)
  return [regexp === undefined ? unknownPrefix : pathOf(regexp)]
}

/** Express 4 keeps only the expression that it made of the path, such as `/^\/api(?:\/([^/]+?))\/?(?=\/|$)/i`. */
function pathOf({ source }: RegExp): string {
  const ending = String.raw`\/?(?=\/|$)`
  if (!source.startsWith('^') || !source.endsWith(ending)) return unknownPrefix
  const path = source
    .slice(1, -ending.length)
    .replaceAll(/\(\?:\\\/\(\[\^\\?\/\]\+\?\)\)/g, '/:param')
    .replaceAll(/\\([./-])/g, '$1')
  return /[\\()[\]?*+|^$]/.test(path) ? unknownPrefix : path
}
