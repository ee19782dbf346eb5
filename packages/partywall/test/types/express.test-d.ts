/** What TypeScript infers for `req.tenant` and the options of the Express adapter. Checked by `npm run types`; nothing here runs. */
import express, { type Request } from 'express'
import { expectTypeOf } from 'vitest'
import { requireTenant, tenancyErrors, type HttpTenancy, tenantScope } from '../../src/http/express.ts'
import type { RegisteredTenant, RequestProperty, Tenant } from '../../src/types.ts'

interface Plan {
  plan: 'free' | 'paid'
}

declare const tenancy: HttpTenancy<Plan> & {
  current(): Tenant<Plan>
  // Typed as in Tenancy: it takes any reference, and returns what fn returns.
  run<T>(ref: string | { readonly id: string }, fn: (tenant: Tenant<Plan>) => T): Promise<Awaited<T>>
}

// Nothing is registered here, as a project would do it: a registration would hold for the whole repository.
expectTypeOf<RegisteredTenant<{ tenancy: typeof tenancy }>>().toEqualTypeOf<Tenant<Plan>>()
expectTypeOf<RegisteredTenant<object>>().toEqualTypeOf<Tenant>()
expectTypeOf<RequestProperty>().toEqualTypeOf<'tenant'>()
expectTypeOf<RequestProperty<{ tenancy: typeof tenancy }>>().toEqualTypeOf<'tenant'>()
expectTypeOf<RequestProperty<{ requestProperty: 'customer' }>>().toEqualTypeOf<'customer'>()
expectTypeOf<RequestProperty<{ requestProperty: false }>>().toEqualTypeOf<false>()
expectTypeOf<NonNullable<Request['tenant']>>().toEqualTypeOf<RegisteredTenant>()

const app = express()
app.use(tenantScope(tenancy))
app.use(
  tenantScope(tenancy, {
    none: 'shared',
    onRefused(resolution, req, _res, next) {
      expectTypeOf(req).toExtend<Request>()
      // @ts-expect-error a resolved request is never refused
      if (resolution.outcome === 'resolved') next()
      if (resolution.outcome === 'suspended') expectTypeOf(resolution.tenant).toEqualTypeOf<Tenant<Plan>>()
    },
  }),
)
app.get('/', requireTenant(), (req) => {
  // @ts-expect-error without a check there may be no tenant
  void req.tenant.schema
  // @ts-expect-error the tenant of a request is not set by hand
  req.tenant = undefined
})
app.use(tenancyErrors())

// @ts-expect-error there is no such value
tenantScope(tenancy, { none: 'ignore' })
tenantScope(tenancy, { property: 'tenant' })
// @ts-expect-error another name must be registered, because it types the request
tenantScope(tenancy, { property: 'customer' })
// @ts-expect-error a tenancy can resolve
tenantScope({ run() {}, runShared() {}, bind: tenancy.bind })
