/** What TypeScript infers for the adapters of Fastify, Hono, Koa, h3 and node:http. Checked by `npm run types`; nothing here runs. */
import fastify from 'fastify'
import { H3 } from 'h3'
import { Hono } from 'hono'
import Koa from 'koa'
import { expectTypeOf } from 'vitest'
import * as ofFastify from '../../src/http/fastify.ts'
import * as ofH3 from '../../src/http/h3.ts'
import * as ofHono from '../../src/http/hono.ts'
import { createAdmission, createMemberGuard, createSwitch, nodeFacts } from '../../src/http/http.ts'
import * as ofKoa from '../../src/http/koa.ts'
import { tenantListener, tenantUpgrade } from '../../src/http/node.ts'
import type { Tenancy } from '../../src/tenancy.ts'
import type { RegisteredTenant, Tenant } from '../../src/types.ts'

interface Plan {
  plan: 'free' | 'paid'
}
declare const tenancy: Tenancy<Plan>
/** Each adapter gives the options the attributes of the tenancy. */
const authorize = (tenant: Tenant<Plan>): boolean => tenant.attributes.plan === 'paid'

const app = fastify()
void app.register(ofFastify.tenantPlugin(tenancy, { authorize, user: ({ headers }) => headers['x-user'] as string | undefined }))
app.get('/', { preHandler: ofFastify.requireMember({ can: 'polls.write' }) }, (request) => {
  expectTypeOf(request.tenant).toEqualTypeOf<RegisteredTenant | undefined>()
  expectTypeOf(ofFastify.memberOf(request).role).toEqualTypeOf<string>()
})
// @ts-expect-error the user is an id
ofFastify.tenantPlugin(tenancy, { user: () => 7 })

const hono = new Hono()
hono.use(ofHono.tenantMiddleware(tenancy, { authorize, user: (c) => c.req.header('x-user') }))
hono.get('/', ofHono.requireTenant(), (c) => {
  const tenant: RegisteredTenant | undefined = c.var.tenant
  // @ts-expect-error it is the tenant
  const other: number = c.var.tenant
  void [tenant, other]
  return c.text('')
})
// @ts-expect-error there is no such value
ofHono.tenantMiddleware(tenancy, { none: 'ignore' })

// The context of Koa takes any property, so its `tenant` is any there.
new Koa().use(ofKoa.tenantScope(tenancy, { authorize })).use((ctx) => {
  const tenant: RegisteredTenant | undefined = ctx.tenant
  void [tenant, ofKoa.memberOf(ctx).role]
})
// @ts-expect-error another name must be registered, because it types the context
ofKoa.tenantScope(tenancy, { property: 'customer' })

new H3().use(ofH3.tenantMiddleware(tenancy, { authorize })).get('/', (event) => {
  expectTypeOf(event.context.tenant).toEqualTypeOf<RegisteredTenant | undefined>()
  return ''
})
// @ts-expect-error roles are names
ofH3.requireMember({ roles: 7 })

tenantListener(tenancy, (req, _res, tenant) => {
  expectTypeOf(tenant).toEqualTypeOf<Tenant<Plan> | undefined>()
  return req.url
})
tenantUpgrade(tenancy, (_req, _socket, _head, tenant) => expectTypeOf(tenant).toEqualTypeOf<Tenant<Plan> | undefined>())
// @ts-expect-error a handler is needed
tenantListener(tenancy)

const admit = createAdmission(tenancy, { none: 'shared' })
const guard = createMemberGuard(tenancy, { user: (request: { userId?: string }) => request.userId })
const switchTenant = createSwitch(tenancy, { user: (request: { userId?: string }) => request.userId })

export async function parts(): Promise<void> {
  const admission = await admit(nodeFacts({ headers: {} } as never))
  if (admission.action === 'refuse') expectTypeOf(admission.answer.status).toEqualTypeOf<number>()
  else expectTypeOf(admission.tenant).toEqualTypeOf<Tenant<Plan> | undefined>()
  const { member, answer } = await guard({ userId: 'ada' })
  if (answer === undefined) expectTypeOf(member.role).toEqualTypeOf<string>()
  // @ts-expect-error the request has no such property
  await guard({ user: 'ada' })
  const { membership } = await switchTenant({ userId: 'ada' }, 'acme')
  if (membership !== undefined) expectTypeOf(membership.tenant).toEqualTypeOf<Tenant<Plan>>()
}
