/** What TypeScript infers for procedures of tRPC and resolvers of GraphQL Yoga. Checked by `npm run types`; nothing here runs. */
import { initTRPC } from '@trpc/server'
import { createYoga, type YogaInitialContext } from 'graphql-yoga'
import { expectTypeOf } from 'vitest'
import { tenantContext, type RequestMember, type TenantContext } from '../../src/http/graphql-yoga.ts'
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
