/** A user chooses the tenant to work in. The choice itself is the application's to keep, in its session or cookie; here it is permitted and recorded. */
import { TenancyError } from '../../errors.ts'
import type { Queryable } from '../../sql/statement.ts'
import type { Membership, TenantRef } from '../../types.ts'
import { recordAction } from '../audit/record.ts'
import type { MemberParts } from './member-changes.ts'

/** tenancy.members.switchTo */
export async function switchTo<A extends object>(
  { tenants, members, catalog }: MemberParts<A> & { readonly catalog: Queryable },
  ref: TenantRef,
  userId: string,
): Promise<Membership<A>> {
  const tenant = await tenants.get(ref)
  const member = await members.check(tenant, userId)
  if (!served.has(tenant.status)) {
    throw new TenancyError(
      'TENANT_SUSPENDED',
      `The tenant ${JSON.stringify(tenant.schema)} is ${tenant.status}, so no user can work in it. tenancy.members.listOf says which tenants are active.`,
      { details: { schema: tenant.schema, status: tenant.status as 'suspended' } },
    )
  }
  await recordAction(catalog, { action: 'member.switched', tenant, object: userId })
  return Object.freeze({ ...member, tenant })
}

/** In maintenance a request is answered with 503, and the choice stays right. */
const served = new Set(['active', 'maintenance'])
