/** Express's router for the routes of one side. In front of each handler stand its rule and its schemas. */
import { Router, type Request, type RequestHandler } from 'express'
import { memberOf, requireMember } from 'partywall/express'
import type { z } from 'zod'
import type { CrmTenancy } from '../tenancy.ts'
import { invalidRequest } from './problems.ts'
import type { ApiRoute, Rule } from './route.ts'

export function apiRouter(tenancy: Pick<CrmTenancy, 'actingAs'>, routes: readonly ApiRoute[]): Router {
  const router = Router()
  for (const route of routes) {
    router[route.method](route.path, sideOf(route), guardOf(route.rule), handlerOf(tenancy, route))
  }
  return router
}

/** One address may be a route of both sides. */
function sideOf({ side }: ApiRoute): RequestHandler {
  return (req, _res, next) => next((req.tenant === undefined) === (side === 'shared') ? undefined : 'route')
}

/** @throws Error at the start of the app for a rule that there is not */
function guardOf(rule: Rule): RequestHandler {
  if (rule === 'anyone') return (_req, _res, next) => next()
  if (rule === 'member') return requireMember()
  if (typeof rule?.can === 'string') return requireMember({ can: rule.can })
  throw new Error(`A route has no rule that says who may call it: ${JSON.stringify(rule)}.`)
}

function handlerOf(tenancy: Pick<CrmTenancy, 'actingAs'>, route: ApiRoute): RequestHandler {
  return async (req, res) => {
    const input = {
      params: checked(route.params, req.params),
      query: checked(route.query, req.query),
      body: checked(route.body, req.body),
      req,
      res,
    }
    const work = async (): Promise<unknown> => route.handle(input)
    // What a member changes stands in the audit under its name.
    const result = route.rule === 'anyone' ? await work() : await tenancy.actingAs(actorOf(req), work)
    if (res.headersSent) return
    res.set('cache-control', 'no-store')
    if (route.answer === undefined) return void res.status(route.status ?? 204).end()
    // Dates become texts before the schema looks at them.
    res.status(route.status ?? 200).json(route.answer.parse(JSON.parse(JSON.stringify(result))))
  }
}

function actorOf(req: Request): string {
  return `user:${memberOf(req).userId}`
}

function checked(schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined
  const { data, error } = schema.safeParse(value ?? {})
  if (error !== undefined) throw invalidRequest(error)
  return data
}
