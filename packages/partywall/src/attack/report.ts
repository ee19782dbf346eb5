/** What a run of attacks returns: one entry for each attack. */
import type { Promised } from './groups/attack.ts'

export interface AttackEntry {
  /** `<group>/<name>`; it never changes. */
  readonly id: string
  readonly group: string
  /** What the attacker does. */
  readonly title: string
  /** Whether the configured boundary promises that the attack fails. */
  readonly promised: boolean
  /**
   * - `held`: it failed; `by` says what was seen
   * - `not held`: it succeeded; `seen` says what it reached
   * - `not tried`: it could not be carried out here, for `reason`
   * - `not run`: it would harm the server, so it is only listed
   */
  readonly state: 'held' | 'not held' | 'not tried' | 'not run'
  readonly by?: string
  readonly seen?: string
  readonly reason?: string
  /** What would hold it, or what is to be done. */
  readonly wouldHold: string
}

export interface AttackReport {
  /** True when no attack succeeded that the boundary promises to hold, and the run was not aborted. */
  readonly ok: boolean
  /** The kind of the tenants that were tried. */
  readonly kind: string
  /** The boundary of a tenant of this kind. */
  readonly boundary: 'path' | 'role' | 'role strict' | 'login'
  /** Kinds, and tenants as the option `boundary` names them, that have another boundary, which was not tried. */
  readonly otherBoundaries: { readonly kinds: readonly string[]; readonly tenants: readonly string[] }
  /** Whether only the login of the application may call `set_config`. */
  readonly revoked: boolean
  readonly attacks: readonly AttackEntry[]
  /** The signal was aborted before all attacks were done; the entries are those that were. */
  readonly aborted?: true
  readonly durationMs: number
}

export function isPromised(promised: Promised, isRevoked: boolean): boolean {
  return promised === 'holds' || (promised === 'with the revoke' && isRevoked)
}

/** What is wrong: a promise that does not hold. */
export function broken({ attacks }: Pick<AttackReport, 'attacks'>): readonly AttackEntry[] {
  return attacks.filter(({ promised, state }) => promised && state === 'not held')
}
