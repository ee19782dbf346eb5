/**
 * PW-012: every route comes after the middleware that enters the tenant, so that it runs in its scope. A route before it has no tenant: its queries are refused, or
 * run in the shared schema with outsideScope 'shared'.
 */
import type { Observation } from '../findings.ts'
import { isAllowed } from './app/paths.ts'
import type { AppFacts, SeenApp, SeenRoute } from './app/app-facts.ts'
import { defineCheck } from './check.ts'

export const middlewareOrder = defineCheck({
  id: 'PW-012',
  title: 'Routes outside of the scope of the tenant',
  needs: ['config', 'app'],
  run: ({ config: { options }, app }) => {
    // PW-013 says why there is none.
    if (app.seen === undefined) return []
    return [...orderOf(app.seen, app, options.outsideScope), ...(options.resolve.length === 0 ? [noResolver] : [])]
  },
})

export function orderOf(
  seen: SeenApp,
  { name, admissions, allowed }: Pick<AppFacts, 'name' | 'admissions' | 'allowed'>,
  outsideScope: 'refuse' | 'shared',
): Observation[] {
  const hidden = seen.hidden.length === 0 ? [] : [notVisible(seen)]
  if (seen.routes.length === 0) return [noRoutes(name, seen), ...hidden]
  if (seen.scopes === 0) return [admissions === 0 ? noScope(name, seen) : unmarked(name, seen), ...hidden]
  const outside = seen.routes.filter(({ isInScope, path }) => !isInScope && !isAllowed(path, allowed))
  const late = seen.routes.filter(({ isBehindErrors }) => isBehindErrors === true)
  return [
    ...outside.map((route): Observation => ({
      // What is mounted by `use` may be a middleware that only passes requests on.
      severity: route.method === 'use' ? 'warning' : 'error',
      seen: `${route.method === 'use' ? 'what is mounted at' : `the route ${route.method}`} ${route.path} is not behind the middleware of partywall: it runs without a tenant, and ${
        outsideScope === 'shared' ? 'its queries go to the shared schema' : 'its queries are refused (NO_TENANT)'
      }`,
      fix: `Mount the middleware before it. If the route needs no tenant, say so: --allow ${JSON.stringify(route.path)}`,
    })),
    ...(late.length === 0 ? [] : [errorsTooEarly(late)]),
    ...hidden,
  ]
}

const noResolver: Observation = {
  severity: 'error',
  seen: 'the option resolve is empty: no request can name its tenant',
  fix: 'Give the config a resolver, such as resolve: [byHost({ base: "example.com" })].',
}

function noScope(name: string, { framework, routes }: SeenApp): Observation {
  return {
    severity: 'error',
    seen: `the application of ${framework} in ${name} has ${routes.length} routes, and no middleware that enters a tenant`,
    fix: 'Mount tenantScope(tenancy) before the routes.',
  }
}

function noRoutes(name: string, { framework }: SeenApp): Observation {
  return {
    severity: 'warning',
    seen: `the application of ${framework} in ${name} shows no route, so nothing is known of their order`,
    fix: 'Give --app a module that also adds the routes.',
  }
}

function unmarked(name: string, { framework }: SeenApp): Observation {
  return {
    severity: 'warning',
    seen: `the application of ${framework} in ${name} uses partywall, but none of the middlewares that can be seen is marked: the order is not known`,
    fix: 'A middleware that is wrapped in another function, or is your own, has no mark. Pass it to markScope of partywall/http.',
  }
}

function notVisible({ hidden }: SeenApp): Observation {
  return {
    severity: 'info',
    seen: `not visible: ${hidden.join('; ')}`,
    fix: 'Check the order there yourself, or give its module to --app.',
  }
}

function errorsTooEarly(late: readonly SeenRoute[]): Observation {
  const shown = late.slice(0, most).map(routeName)
  const rest = late.length > most ? ` and ${late.length - most} more` : ''
  return {
    severity: 'warning',
    seen: `tenancyErrors is mounted before ${shown.join(', ')}${rest}: errors of these routes do not reach it`,
    fix: 'Mount tenancyErrors last.',
  }
}

const most = 10

function routeName({ method, path }: SeenRoute): string {
  return `${method} ${path}`
}
