/** Finds a tenant that is away: by its id, by one of its domains that were kept, or by the name that its schema had. Never from the cache. */
import { awayBySchemaSql } from '../../catalog/tenants/life-sql.ts'
import { assertMayMove } from '../../catalog/tenants/moves.ts'
import { known } from '../../catalog/tenants/stored-tenants.ts'
import { parseTenantRef, type TenantKey } from '../../catalog/tenants/tenant-ref.ts'
import type { Tenants } from '../../catalog/tenants/tenants.ts'
import { tenantByKeySql } from '../../catalog/tenants/tenants-sql.ts'
import { TenancyError } from '../../errors.ts'
import type { Tenant, TenantRef } from '../../types.ts'

/** @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_MOVE; INVALID_ARGUMENT where several had the name */
export async function findArchived<A extends object>(tenants: Tenants<A>, ref: TenantRef): Promise<Tenant<A>> {
  const key = parseTenantRef(ref)
  const named = await stored(tenants, key)
  const away = named?.status === 'archived' ? [named] : await awayNamed(tenants, key, 'archived')
  const tenant = known(theOnly(key, away) ?? named, key)
  assertMayMove(tenant, 'restore')
  return tenant
}

/**
 * The tenant that has the name, else the one that had it. A deletion that was interrupted is continued by the name, so where another tenant has taken the
 * name since, the name does not say which of them is meant.
 * @throws TenancyError UNKNOWN_TENANT; INVALID_ARGUMENT where several are meant
 */
export async function findToDelete<A extends object>(tenants: Tenants<A>, ref: TenantRef): Promise<Tenant<A>> {
  const key = parseTenantRef(ref)
  const named = await stored(tenants, key)
  // Another process may have begun to delete it since it was read.
  const deleting = (await awayNamed(tenants, key, 'deleting')).filter(({ id }) => id !== named?.id)
  const away = named === undefined ? [...deleting, ...(await awayNamed(tenants, key, 'archived'))] : deleting
  return known(theOnly(key, named === undefined ? away : [named, ...away]), key)
}

async function stored<A extends object>(tenants: Tenants<A>, key: TenantKey): Promise<Tenant<A> | undefined> {
  return key.by === 'impossible' ? undefined : (await tenants.read(tenantByKeySql(key)))[0]
}

async function awayNamed<A extends object>(
  tenants: Tenants<A>,
  key: TenantKey,
  status: 'archived' | 'deleting',
): Promise<Tenant<A>[]> {
  return key.by === 'schema' ? tenants.read(awayBySchemaSql(key.value, [status])) : []
}

function theOnly<A extends object>({ value }: TenantKey, found: readonly Tenant<A>[]): Tenant<A> | undefined {
  if (found.length < 2) return found[0]
  const shown = found.slice(0, 5).map(({ id, status }) => `${id} (${status})`)
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `Several tenants have or had the schema ${JSON.stringify(value)}. Name one of them by its id: ${shown.join(', ')}.`,
    { details: { option: 'ref' } },
  )
}
