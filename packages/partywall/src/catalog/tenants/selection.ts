/** From a selection of tenants, as callers of fleet work give it, to the tenants themselves. */
import { TenancyError } from '../../errors.ts'
import { seen } from '../../seen.ts'
import type { Attributes, Tenant, TenantRef, TenantSelection, TenantStatus } from '../../types.ts'
import { parseTenantRef } from './tenant-ref.ts'

export const tenantStatuses = [
  'active',
  'suspended',
  'maintenance',
  'archived',
  'pending',
  'provisioning',
  'deleting',
  'failed',
] as const satisfies readonly TenantStatus[]

/** A selection that was checked. */
export interface CheckedSelection {
  /** Absent: all tenants. */
  readonly named: readonly TenantRef[] | undefined
  /** Absent: every kind. */
  readonly kinds: readonly string[] | undefined
  /** Absent: every status. */
  readonly status: readonly TenantStatus[] | undefined
}

/**
 * @param what the call, e.g. `forEach`
 * @param defaultStatus of tenants that are not named
 * @throws TenancyError INVALID_ARGUMENT, INVALID_TENANT_REF
 */
export function checkedSelection(
  what: string,
  { tenants = true, kinds, status }: TenantSelection,
  defaultStatus: readonly TenantStatus[],
): CheckedSelection {
  const named = tenants === true ? undefined : [tenants as TenantRef | readonly TenantRef[]].flat()
  for (const ref of named ?? []) parseTenantRef(ref)
  const statuses = status ?? (named === undefined ? defaultStatus : undefined)
  return {
    named,
    kinds: textList(what, 'kinds', kinds),
    status: statuses === undefined ? undefined : assertStatuses(what, statuses),
  }
}

/** Of tenants that are read already, those that fit. */
export function fits({ kinds, status }: Omit<CheckedSelection, 'named'>): (tenant: Tenant<any>) => boolean {
  return (tenant) =>
    (kinds === undefined || kinds.includes(tenant.kind)) && (status === undefined || status.includes(tenant.status))
}

/** The tenants of a list of references, each once, in the order of the list. */
export async function namedTenants<A extends object = Attributes>(
  refs: readonly TenantRef[],
  get: (ref: TenantRef) => Promise<Tenant<A>>,
): Promise<Tenant<A>[]> {
  const found = new Map<string, Tenant<A>>()
  for (const ref of refs) {
    const tenant = await get(ref)
    found.set(tenant.id, tenant)
  }
  return [...found.values()]
}

/** @throws TenancyError INVALID_ARGUMENT */
export function assertStatuses(what: string, status: TenantStatus | readonly TenantStatus[]): readonly TenantStatus[] {
  const statuses = textList(what, 'status', status) as readonly TenantStatus[]
  for (const one of statuses) {
    if (tenantStatuses.includes(one)) continue
    throw new TenancyError(
      'INVALID_ARGUMENT',
      `"status" of ${what} must be ${tenantStatuses.join(', ')}, or a list of these; it is ${seen(one, 'quoted')}.`,
      { details: { option: 'status' } },
    )
  }
  return statuses
}

/** @throws TenancyError INVALID_ARGUMENT */
export function textList(what: string, option: string, value: unknown): string[] | undefined {
  if (value === undefined) return undefined
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.every((item) => typeof item === 'string' && !item.includes('\0'))) return list as string[]
  throw new TenancyError('INVALID_ARGUMENT', `"${option}" of ${what} must be text, or a list of texts.`, { details: { option } })
}
