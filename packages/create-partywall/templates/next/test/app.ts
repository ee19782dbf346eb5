/** The route handlers as one function, without Next.js. */
import { createApi } from '../src/api.ts'
import type { AppTenancy } from '../src/tenancy.ts'

type Handler = (request: Request, context: { params: Promise<object> }) => Promise<Response>

export function createApp(tenancy: AppTenancy): (request: Request) => Promise<Response> {
  const api = createApi(tenancy)
  const routes: Record<string, Handler> = {
    'GET /api/projects': api.listProjects,
    'POST /api/projects': api.addProject,
    //? if jwt
    'POST /api/token': api.signIn,
    'POST /api/token/refresh': api.refresh,
    //? end
    //? if better-auth
    'POST /api/auth/sign-in/email': api.signIn,
    //? end
  }
  return async (request) => {
    const handler = routes[`${request.method} ${new URL(request.url).pathname}`]
    return handler?.(request, { params: Promise.resolve({}) }) ?? new Response(null, { status: 404 })
  }
}
