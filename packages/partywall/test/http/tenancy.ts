/** A tenancy with the real chain and the real scope, and a list in place of the database: what adapters for web frameworks are tested on. */
import { setTimeout as sleep } from 'node:timers/promises'
import { TenancyError } from '../../src/errors.ts'
import type { Resolver } from '../../src/ports/resolver.ts'
import { byHeader } from '../../src/resolve/by-header.ts'
import { byHost } from '../../src/resolve/by-host.ts'
import { createChain } from '../../src/resolve/chain.ts'
import { Scope } from '../../src/scope/scope.ts'
import type { Tenant, TenantRef } from '../../src/types.ts'
import { plainTenant } from '../support/tenants/plain-tenant.ts'

export const tenants: Tenant[] = [
  ...Array.from({ length: 20 }, (_, number) => plainTenant(number, `tenant${number}`)),
  ...(['suspended', 'maintenance', 'archived'] as const).map((status, index) => plainTenant(20 + index, status, status)),
]

export function createTenancyLike(
  resolvers: Resolver[] = [byHost({ base: 'example.com' }), byHeader('x-tenant-id', { trusted: true })],
) {
  const scope = new Scope()
  return {
    scope,
    options: { resolve: resolvers },
    tenants: {
      async get(ref: TenantRef): Promise<Tenant> {
        const tenant = await find(ref)
        if (tenant === undefined)
          throw new TenancyError('UNKNOWN_TENANT', 'no such tenant', { details: { by: 'schema', ref: 'unknown' } })
        return tenant
      },
    },
    resolve: createChain(resolvers, async (refs) => {
      for (const ref of refs) {
        const tenant = await find(ref)
        if (tenant !== undefined) return { tenant, ref }
      }
      return undefined
    }),
    // Like the real ones, these are async before they enter the scope.
    run: async <T>(tenant: Tenant, fn: () => T): Promise<Awaited<T>> => {
      await sleep(1)
      return await scope.run(tenant, fn)
    },
    runShared: async <T>(fn: () => T): Promise<Awaited<T>> => await scope.runShared(fn),
    bind: scope.bind.bind(scope) as Scope['bind'],
  }
}

async function find(ref: TenantRef): Promise<Tenant | undefined> {
  await sleep(Math.random() * 3)
  return tenants.find(
    ({ id, schema }) =>
      ref === schema ||
      (typeof ref === 'object' &&
        (('id' in ref && ref.id === id) ||
          ('schema' in ref && ref.schema === schema) ||
          ('domain' in ref && ref.domain === `${schema}.test`))),
  )
}

export type TenancyLike = ReturnType<typeof createTenancyLike>
