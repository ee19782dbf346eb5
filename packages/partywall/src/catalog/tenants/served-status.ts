/** Whether the requests of a complete tenant are served. */
import { TenancyError } from '../../errors.ts'
import type { TenantStatus } from '../../types.ts'
import type { ActionName } from '../audit/actions.ts'
import type { Move } from './moves.ts'

/** The move to each of these statuses, and what the audit and the events call it. */
export const statusMoves = {
  active: { move: 'activate', action: 'tenant.activated' },
  suspended: { move: 'suspend', action: 'tenant.suspended' },
  maintenance: { move: 'setMaintenance', action: 'tenant.maintenance' },
} as const satisfies Partial<Record<TenantStatus, { move: Move; action: ActionName }>>

export type ServedStatus = keyof typeof statusMoves

/** @throws TenancyError INVALID_ARGUMENT */
export function assertServedStatus(status: unknown): asserts status is ServedStatus {
  if (Object.keys(statusMoves).includes(status as string)) return
  throw new TenancyError('INVALID_ARGUMENT', `"status" must be one of: ${Object.keys(statusMoves).join(', ')}.`, {
    details: { option: 'status' },
  })
}
