/**
 * What a tenant may become, by its state: the only table of it. The statement of a move names the states that it may start from, so of two
 * processes that move one tenant at the same time, one succeeds and the other one is refused.
 */
import { TenancyError } from '../../errors.ts'
import type { Tenant, TenantStatus } from '../../types.ts'

export type Move =
  | 'provision'
  | 'complete'
  | 'fail'
  | 'activate'
  | 'suspend'
  | 'setMaintenance'
  | 'migrate'
  | 'seed'
  | 'clone'
  | 'dump'
  | 'load'
  | 'rename'
  | 'archive'
  | 'restore'
  | 'delete'

interface Permitted {
  readonly from: readonly TenantStatus[]
  /** Absent: the status stays. */
  readonly to?: TenantStatus
}

/** The states of a tenant that has all of its tables under its own name. */
const complete = ['active', 'suspended', 'maintenance'] as const

/**
 * Of the tenants that are migrated with all others. Those whose seeds or hook have not run have all of their tables: left out, they would become active with
 * old ones.
 */
export const statusOfMigrated = [...complete, 'provisioning', 'failed'] as const

export const moves = {
  // A process that was killed leaves `provisioning`.
  provision: { from: ['pending', 'provisioning', 'failed'], to: 'provisioning' },
  complete: { from: ['pending', 'provisioning'], to: 'active' },
  fail: { from: ['pending', 'provisioning'], to: 'failed' },
  activate: { from: ['suspended', 'maintenance'], to: 'active' },
  suspend: { from: ['active', 'maintenance'], to: 'suspended' },
  setMaintenance: { from: ['active', 'suspended'], to: 'maintenance' },
  // An archived one is migrated when it is named.
  migrate: { from: [...statusOfMigrated, 'archived'] },
  seed: { from: complete },
  // Of the source.
  clone: { from: complete },
  // An archived one has all of its rows.
  dump: { from: [...complete, 'archived'] },
  load: { from: complete },
  rename: { from: complete },
  archive: { from: complete, to: 'archived' },
  // To maintenance where it lacks migrations.
  restore: { from: ['archived'], to: 'active' },
  delete: { from: [...complete, 'archived', 'pending', 'provisioning', 'failed'], to: 'deleting' },
} as const satisfies Record<Move, Permitted>

/** @throws TenancyError INVALID_TENANT_MOVE */
export function assertMayMove(tenant: Pick<Tenant<any>, 'schema' | 'status'>, move: Move): void {
  if ((moves[move].from as readonly TenantStatus[]).includes(tenant.status)) return
  throw invalidMove(tenant, move)
}

/** The refusal of a call that the state of the tenant does not permit. */
export function invalidMove({ schema, status }: Pick<Tenant<any>, 'schema' | 'status'>, move: Move): TenancyError {
  const from = moves[move].from.join(', ')
  return new TenancyError(
    'INVALID_TENANT_MOVE',
    `The call ${move} refuses the tenant ${JSON.stringify(schema)}: its status is ${status}, and must be one of: ${from}.${advice[status] ?? ''}`,
    { details: { schema, status, move } },
  )
}

const advice: Partial<Record<TenantStatus, string>> = {
  provisioning: ' tenancy.tenants.resume completes it.',
  failed: ' tenancy.tenants.resume completes it.',
  archived: ' tenancy.tenants.restore brings an archived tenant back.',
  deleting: ' Its deletion has begun and cannot be undone: tenancy.tenants.delete continues it.',
}
