/** What the triggers of the catalog announce, as 0005-changes.ts, 0015-members.ts and 0022-settings.ts write it. */
import { isUuid } from '../../names/identifier.ts'
import type { TenantState } from '../../tenant-identity.ts'
import { tenantStatuses } from './selection.ts'

export type Announcement =
  /** The row of a tenant was inserted or changed. */
  | { readonly kind: 'tenant'; readonly id: string; readonly state: TenantState }
  | { readonly kind: 'deleted'; readonly id: string }
  /** The domains of a tenant changed. */
  | { readonly kind: 'domain'; readonly id: string }
  /** The members of a tenant changed, or the roles that it has defined. */
  | { readonly kind: 'members'; readonly id: string }
  /** The settings of a tenant changed. */
  | { readonly kind: 'settings'; readonly id: string }
  /** More than can be told one by one. */
  | { readonly kind: 'all' }

/** Any client may notify, so a text that no trigger writes counts as a change of everything. */
export function parseAnnouncement(text: string): Announcement {
  const [kind, id = '', revision, generation, status] = text.split(' ')
  if (!isUuid(id)) return { kind: 'all' }
  if (kind === 'deleted' || kind === 'domain' || kind === 'members' || kind === 'settings') return { kind, id }
  const known = tenantStatuses.find((one) => one === status)
  const numbers = { revision: Number(revision), generation: Number(generation) }
  if (kind !== 'tenant' || known === undefined || !Object.values(numbers).every(Number.isSafeInteger)) return { kind: 'all' }
  return { kind, id, state: { ...numbers, status: known, isDeleted: false } }
}
