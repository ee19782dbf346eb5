/** What TypeScript infers for procedures of tRPC and resolvers of GraphQL Yoga. Checked by `npm run types`; nothing here runs. */
import type { TRPCClientError } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { createYoga, type YogaInitialContext } from 'graphql-yoga'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { tenantContext, type RequestMember, type TenantContext } from '../../src/http/graphql-yoga/graphql-yoga.ts'
import { tenancyErrors, tenantMiddlewares } from '../../src/http/trpc.ts'
import type { Tenant } from '../../src/types.ts'
import type { Tenancy } from '../../src/tenancy.ts'

interface Plan {
  plan: 'free' | 'paid'
}
interface Context {
  userId?: string
}
declare const tenancy: Tenancy<Plan>

const t = initTRPC.context<Context>().create({ errorFormatter: tenancyErrors() })
const { requireTenant, requireShared, requireMember } = tenantMiddlewares(tenancy, { user: (ctx: Context) => ctx.userId })
const router = t.router({
  ofTenant: t.procedure.use(requireTenant).query(({ ctx }) => {
    expectTypeOf(ctx.tenant).toEqualTypeOf<Tenant<Plan>>()
    expectTypeOf(ctx.userId).toEqualTypeOf<string | undefined>()
    // @ts-expect-error there is a member behind requireMember only
    return ctx.member
  }),
  ofMembers: t.procedure.use(requireMember({ can: 'polls.write' })).query(({ ctx }) => {
    expectTypeOf(ctx.member).toEqualTypeOf<RequestMember>()
    return ctx.tenant.attributes.plan
  }),
  // @ts-expect-error the shared side has no tenant
  shared: t.procedure.use(requireShared).query(({ ctx }) => ctx.tenant),
})
expectTypeOf(router.createCaller({}).ofMembers()).resolves.toEqualTypeOf<'free' | 'paid'>()
// @ts-expect-error roles are names
requireMember({ roles: 7 })
// @ts-expect-error the user is an id
tenantMiddlewares(tenancy, { user: () => 7 })

createYoga({ plugins: [tenantContext(tenancy, { user: ({ request }) => request.headers.get('x-user') })] })
declare const context: YogaInitialContext & TenantContext<Plan>
expectTypeOf(context.requireTenant()).toEqualTypeOf<Tenant<Plan>>()
expectTypeOf(context.requireMember({ roles: ['admin'] })).resolves.toEqualTypeOf<RequestMember>()
// @ts-expect-error on the shared side there is none
void context.tenant.schema

// What stands before and behind the middlewares keeps its types.
const input = z.object({ id: z.number() })
t.procedure
  .input(input)
  .use(requireTenant)
  .query((call) => expectTypeOf(call.input).toEqualTypeOf<{ id: number }>())
t.procedure
  .use(requireTenant)
  .use(requireMember({ roles: ['admin'] }))
  .input(input)
  .query((call) => {
    expectTypeOf(call.input).toEqualTypeOf<{ id: number }>()
    expectTypeOf(call.ctx.tenant).toEqualTypeOf<Tenant<Plan>>()
    expectTypeOf(call.ctx.member).toEqualTypeOf<RequestMember>()
    expectTypeOf(call.ctx.userId).toEqualTypeOf<string | undefined>()
  })
type ClientError = TRPCClientError<typeof router>
expectTypeOf<NonNullable<ClientError['data']>['problem']>().toEqualTypeOf<string | undefined>()
expectTypeOf<NonNullable<ClientError['data']>['retryAfter']>().toEqualTypeOf<number | undefined>()
const other = initTRPC.context<{ session: string }>().create()
// @ts-expect-error the option user reads what this context does not have
other.procedure.use(tenantMiddlewares(tenancy, { user: (ctx: { userId: string }) => ctx.userId }).requireMember())
// @ts-expect-error a middleware, and not a function that makes one
t.procedure.use(requireTenant())
// @ts-expect-error it has to be called
t.procedure.use(requireMember)
// @ts-expect-error "roles"
requireMember({ role: 'admin' })
// @ts-expect-error no tenancy
tenantMiddlewares({})
// @ts-expect-error no tenancy
tenantContext({})
createYoga<{ session: string }>({
  plugins: [tenantContext(tenancy, { user: (own: YogaInitialContext & { session: string }) => own.session })],
})
const signedIn = t.procedure.use(({ next }) => next({ ctx: { user: { id: 'u1' } } }))
const { requireMember: memberOfUser } = tenantMiddlewares(tenancy, { user: (ctx: { user: { id: string } }) => ctx.user.id })
signedIn.use(memberOfUser()).query((call) => expectTypeOf(call.ctx.user).toEqualTypeOf<{ id: string }>())
// @ts-expect-error the middleware that signs in has to come first
t.procedure.use(memberOfUser())
