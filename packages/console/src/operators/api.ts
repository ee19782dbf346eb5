/** The JSON of the room of operators. */
import type { Role } from '../parts.ts'

/** An account that may enter. */
export interface OperatorAccount {
  /** As in the audit. */
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly isDisabled: boolean
  readonly createdAt: string
  /** Null: it has no session now. */
  readonly signedInAt: string | null
}

/** Who has changed something lately. */
export interface RecentActor {
  readonly actor: string
  readonly at: string
  readonly action: string
}

export interface OperatorsAnswer {
  /** `accounts`: the console signs them in. `application`: the application says who enters. */
  readonly source: 'accounts' | 'application'
  /** Absent where the application says who enters, and for who may not see them. */
  readonly accounts?: readonly OperatorAccount[]
  /** Absent where this process may not read the audit. */
  readonly recent?: readonly RecentActor[]
}

export interface NewOperator {
  readonly email: string
  readonly name?: string | undefined
  readonly password: string
}
