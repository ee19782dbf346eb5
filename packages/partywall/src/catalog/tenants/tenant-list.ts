/** The options of a list of tenants: which tenants, in what order, and which page of them. */
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { Tenant, TenantRef, TenantStatus } from '../../types.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import { assertStatuses, textList } from './selection.ts'
import type { ListValues } from './tenants-sql.ts'

export interface TenantFilter {
  /** Only tenants of this status, or of one of these. @default every status */
  readonly status?: TenantStatus | readonly TenantStatus[] | undefined
  /** Only tenants of this kind, or of one of these. @default every kind */
  readonly kinds?: string | readonly string[] | undefined
  /** Only tenants whose schema, name, external id or one of whose domains contains this text; upper and lower case are the same. 1 to 255 characters. */
  readonly search?: string | undefined
}

/** How a list is sorted. Equal values are sorted by the id, so the order is always the same. */
export type TenantOrder = 'schema' | 'name' | 'createdAt'

export interface TenantListOptions extends TenantFilter {
  /** Most tenants in one list. 1 to 1000. @default 100 */
  readonly limit?: number | undefined
  /** The last tenant of the page before: the list continues after it. Absent: from the start. */
  readonly cursor?: Tenant<any> | TenantRef | undefined
  /** A minus in front sorts the other way round, e.g. '-createdAt' for the newest first. @default 'schema' */
  readonly orderBy?: TenantOrder | `-${TenantOrder}` | undefined
}

export const filterKeys = ['status', 'kinds', 'search'] as const satisfies readonly (keyof TenantFilter)[]

/** @throws TenancyError INVALID_ARGUMENT */
export function filterValues(
  what: string,
  { status, kinds, search }: TenantFilter,
): Pick<ListValues, 'status' | 'kinds' | 'search'> {
  if (search !== undefined && (typeof search !== 'string' || search === '' || search.length > 255 || search.includes('\0'))) {
    throw invalid('search', what, 'text of 1 to 255 characters')
  }
  return {
    status: status === undefined ? undefined : assertStatuses(what, status),
    kinds: textList(what, 'kinds', kinds),
    search,
  }
}

/** @throws TenancyError INVALID_ARGUMENT */
export function listValues(options: TenantListOptions): Omit<ListValues, 'after'> {
  assertKnownKeys('tenants.list', options, [...filterKeys, 'limit', 'cursor', 'orderBy'])
  const { limit = 100, orderBy = 'schema' } = options
  assertWholeNumber('INVALID_ARGUMENT', '"limit" of tenants.list', 'limit', limit, { least: 1, most: 1000 })
  const isDescending = typeof orderBy === 'string' && orderBy.startsWith('-')
  const order = String(orderBy).slice(isDescending ? 1 : 0)
  if (!orders.includes(order as TenantOrder)) {
    throw invalid(
      'orderBy',
      'tenants.list',
      `${orders.map((name) => `'${name}'`).join(', ')}, or one of these with a minus in front`,
    )
  }
  return { ...filterValues('tenants.list', options), limit, orderBy: order as TenantOrder, isDescending }
}

const orders = ['schema', 'name', 'createdAt'] as const satisfies readonly TenantOrder[]

function invalid(option: string, what: string, allowed: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of ${what} must be ${allowed}.`, { details: { option } })
}
