/** What the pages and route handlers of src/app call. Tests make it on a database of their own. */
//? if auth
import { requireMember, tenantNext } from 'partywall/next'
import { authOf } from './auth.ts'
//? else
import { tenantNext } from 'partywall/next'
//? end
import { projectsOf } from './projects.ts'
import type { AppTenancy } from './tenancy.ts'
import { titleOf, titleProblem } from './title.ts'

export function createApi(tenancy: AppTenancy) {
  const projects = projectsOf(tenancy)
  //? if auth
  const auth = authOf(tenancy)
  const { withTenant, tenantRoute, tenantAction } = tenantNext(tenancy, { user: auth.userOf })

  /** A route for members of the tenant only. */
  const memberRoute = (handler: (request: Request) => Promise<Response>) => tenantRoute(requireMember({}, handler))
  //? else
  const { withTenant, tenantRoute, tenantAction } = tenantNext(tenancy)
  //? end

  return {
    tenancy,
    projects,
    withTenant,
    tenantAction,
    //? if auth
    auth,
    //? end
    //? if better-auth
    signIn: tenantRoute((request: Request) => auth.handler(request)),
    //? end
    //? if jwt
    signIn: tenantRoute(async (request: Request) => {
      const tokens = await auth.signIn(await jsonOf(request))
      if (tokens === undefined) return Response.json({ error: 'The address or the password is wrong.' }, { status: 401 })
      return Response.json(tokens)
    }),
    refresh: tenantRoute(async (request: Request) => Response.json(await auth.refresh(await jsonOf(request)))),
    //? end
    //? if auth
    listProjects: memberRoute(async () => Response.json(await projects.list())),
    addProject: memberRoute(async (request) => {
    //? else
    listProjects: tenantRoute(async () => Response.json(await projects.list())),
    addProject: tenantRoute(async (request: Request) => {
    //? end
      const title = titleOf(await jsonOf(request))
      if (title === undefined) return Response.json({ error: titleProblem }, { status: 400 })
      return Response.json(await projects.add(title), { status: 201 })
    }),
  }
}

/** Undefined for a body that is not JSON. */
function jsonOf(request: Request): Promise<unknown> {
  return request.json().catch(() => undefined)
}
