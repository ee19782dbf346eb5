/** The tenant of an address, and whether it is still what the operator has seen. */
import type { Context } from 'hono'
import type { Tenant } from 'partywall'
import type { AnyTenancy, ConsoleEnv } from '../parts.ts'
import type { May } from './api.ts'
import { catalogOf, readEntries } from './catalog.ts'
import { factsSql, type FactRow } from './facts-sql.ts'
import { Refused } from './problem.ts'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** By its schema, or by its id. @throws TenancyError UNKNOWN_TENANT */
export function tenantOf(tenancy: AnyTenancy, c: Context<ConsoleEnv>): Promise<Tenant<any>> {
  const text = c.req.param('tenant') ?? ''
  return tenancy.tenants.get(uuid.test(text) ? { id: text } : { schema: text })
}

/** The last change of each tenant that is at work. */
const changes = new WeakMap<AnyTenancy, Map<string, Promise<unknown>>>()

/**
 * The same for a change, which names the version that the operator has seen. Changes of one tenant come one after another in this process: of two at the same moment, the second
 * sees what the first has done.
 * @throws Refused TENANT_CHANGED_MEANWHILE when another process or operator has changed the tenant since
 */
export async function changing<T>(
  tenancy: AnyTenancy,
  c: Context<ConsoleEnv>,
  change: (tenant: Tenant<any>) => Promise<T>,
): Promise<T> {
  const { id } = await tenantOf(tenancy, c)
  const ofTenant = changes.get(tenancy) ?? new Map<string, Promise<unknown>>()
  changes.set(tenancy, ofTenant)
  const before = ofTenant.get(id) ?? Promise.resolve()
  const work = before.catch(() => {}).then(async () => change(await asSeen(tenancy, c)))
  ofTenant.set(id, work)
  try {
    return await work
  } finally {
    if (ofTenant.get(id) === work) ofTenant.delete(id)
  }
}

async function asSeen(tenancy: AnyTenancy, c: Context<ConsoleEnv>): Promise<Tenant<any>> {
  const seen = c.req.header('if-match')?.replaceAll('"', '')
  if (seen === undefined || seen === '') {
    throw new Refused(
      428,
      'VERSION_REQUIRED',
      'The version is missing',
      'A change names the version of the tenant that it was made for, in If-Match.',
    )
  }
  const tenant = await tenantOf(tenancy, c)
  const [row] = await readEntries<FactRow>(catalogOf(tenancy), factsSql([tenant.id]))
  if (row?.revision === seen) return tenant
  throw new Refused(
    409,
    'TENANT_CHANGED_MEANWHILE',
    'The tenant was changed meanwhile',
    'Another operator or program has changed this tenant since the page was loaded, so nothing was done. Look at it again, and decide again.',
  )
}

export function mayOf(c: Context<ConsoleEnv>): May {
  const { role } = c.get('operator')
  return { change: role !== 'viewer', remove: role === 'owner' }
}
