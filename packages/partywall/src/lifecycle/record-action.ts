/** How administrative work tells what it did, in the transaction of the change: with the change, or not at all. */
import type { Queryable } from '../sql/statement.ts'

export type RecordAction = (
  transaction: Queryable,
  action: {
    readonly action: 'boundary.upgrade' | 'boundary.downgrade' | 'login.created' | 'login.revoked'
    readonly tenant?: { readonly id: string }
    readonly object?: string
    readonly details?: Readonly<Record<string, string | number | boolean>>
  },
) => Promise<void>
