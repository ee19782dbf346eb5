/** What TypeScript infers for `tenantNext` and its functions. Checked by `npm run types`; nothing here runs. */
import type { NextRequest } from 'next/server.js'
import { expectTypeOf } from 'vitest'
import { memberOf, requireMember, requireShared, tenantNext, tenantProxy } from '../../src/http/next/next.ts'
import type { Tenancy } from '../../src/tenancy.ts'
import type { Member, Tenant } from '../../src/types.ts'

interface Plan {
  plan: 'free' | 'paid'
}
declare const tenancy: Tenancy<Plan>

const { withTenant, tenantRoute, tenantAction, tenantCache, tenantCacheKey } = tenantNext(tenancy, {
  user: ({ headers }) => headers.get('x-session-of'),
  authorize(tenant) {
    expectTypeOf(tenant).toEqualTypeOf<Tenant<Plan>>()
    return tenant.attributes.plan === 'paid'
  },
})

expectTypeOf(withTenant(async ({ attributes }) => attributes.plan)).toEqualTypeOf<Promise<'free' | 'paid'>>()
expectTypeOf(withTenant(requireMember({}, () => memberOf()))).toEqualTypeOf<Promise<Member>>()

const GET = tenantRoute(async (request, { params }, tenant) => {
  expectTypeOf(request).toEqualTypeOf<Request>()
  expectTypeOf(tenant).toEqualTypeOf<Tenant<Plan>>()
  return Response.json(await params)
})
// As Next.js checks the exports of a route.
expectTypeOf(GET).toExtend<(request: NextRequest, context: { params: Promise<{ id: string }> }) => Promise<Response>>()

const ofNext = tenantRoute(async (request: NextRequest, { params }: { params: Promise<{ id: string }> }) =>
  Response.json([request.nextUrl.pathname, (await params).id]),
)
expectTypeOf(ofNext).toEqualTypeOf<(request: NextRequest, context: { params: Promise<{ id: string }> }) => Promise<Response>>()
tenantRoute(requireMember({ can: 'polls.write' }, async (request: Request) => Response.json(await request.json())))
// @ts-expect-error a handler answers with a Response
tenantRoute(() => 'text')

const action = tenantAction(async (before: number, form: FormData) => before + form.getAll('body').length)
expectTypeOf(action).toEqualTypeOf<(before: number, form: FormData) => Promise<number>>()
expectTypeOf(tenantAction(requireMember({ roles: ['admin'] }, (id: string) => id))).toEqualTypeOf<
  (id: string) => Promise<string>
>()

const cached = tenantCache(async (page: number) => [page], ['projects'], { revalidate: 60, tags: ['projects'] })
expectTypeOf(cached).toEqualTypeOf<(page: number) => Promise<number[]>>()
expectTypeOf(tenantCacheKey('projects')).toEqualTypeOf<string>()
// @ts-expect-error keys tell one function from another
tenantCache(async () => [])

// Where requests without a tenant are let in, there may be none.
const shared = tenantNext(tenancy, { none: 'shared' })
shared.withTenant((tenant) => expectTypeOf(tenant).toEqualTypeOf<Tenant<Plan> | undefined>())
shared.tenantRoute(requireShared(async (request: Request) => Response.json(await request.json())))
tenantNext(tenancy, { unknown: { tenant: 'acme' } }).withTenant(({ schema }) => schema)

expectTypeOf(tenantProxy(tenancy)).toExtend<(request: NextRequest) => Promise<Response>>()
// @ts-expect-error there is no such value
tenantNext(tenancy, { none: 'ignore' })
// @ts-expect-error a tenancy has a current tenant
tenantNext({ resolve: tenancy.resolve, run: tenancy.run })
