/** What an attack is: a title for people, who promises that it fails, and code that carries it out. */
import type { World } from './world.ts'

/** The boundaries that promise something; `role strict` is `role` with the option `strict`. */
export const boundaryNames = ['path', 'role', 'role strict', 'login'] as const
export type BoundaryName = (typeof boundaryNames)[number]

/**
 * `with the revoke`: it holds where only the login of the application may call `set_config`, which a superuser must revoke once for each database.
 */
export type Promised = 'holds' | 'with the revoke' | 'does not hold'

type PromisedBy = Readonly<Record<BoundaryName, Promised>>

/** What one try has shown. No text of it has a row, a parameter or a password. */
export type Outcome =
  | {
      readonly state: 'held'
      /** What stopped the attack, as it was seen. */
      readonly by: string
    }
  | {
      readonly state: 'not held'
      /** What the attack reached. */
      readonly seen: string
    }
  /** It could not be carried out, which says nothing about the boundary. */
  | { readonly state: 'not tried'; readonly reason: string }
  /** It would harm the server, so it is only listed. */
  | { readonly state: 'not run'; readonly reason: string }

export interface Attack {
  /** `<group>/<name>`; it never changes, so that a program can look for it. */
  readonly id: string
  readonly group: string
  /** What the attacker does, in the words of SECURITY.md. */
  readonly title: string
  readonly promisedBy: PromisedBy
  /** It runs in the scope of the shared schema, whose boundary is `boundary.default`, and not that of a kind. */
  readonly isOfSharedScope?: true
  /** What stops it, where it is promised. */
  readonly heldBy: string
  /** What stops it, where it is not promised. */
  readonly wouldHold: string
  run(world: World): Promise<Outcome>
}

/** An attack as its group writes it. */
export interface AttackIn extends Omit<Attack, 'id' | 'group' | 'promisedBy' | 'heldBy' | 'wouldHold'> {
  readonly name: string
  readonly promise: WhoPromises
  readonly heldBy?: string
  readonly wouldHold?: string
}

/** Who promises that an attack fails, what holds it there, and what would hold it elsewhere. */
export interface WhoPromises {
  readonly promisedBy: PromisedBy
  readonly heldBy: string
  readonly wouldHold: string
}

export function group(name: string, attacks: readonly AttackIn[]): readonly Attack[] {
  return attacks.map(({ name: own, promise, ...attack }) => ({ ...promise, ...attack, id: `${name}/${own}`, group: name }))
}

const rights = "PostgreSQL's rights of the tenant's role"

/** The words of `promise` in an attack of a group. */
export const promises = {
  everywhere: {
    promisedBy: { path: 'holds', role: 'holds', 'role strict': 'holds', login: 'holds' },
    heldBy: 'the binding that each statement is sent with',
    wouldHold: 'every boundary',
  },
  fromRole: {
    promisedBy: { path: 'does not hold', role: 'holds', 'role strict': 'holds', login: 'holds' },
    heldBy: rights,
    wouldHold: "boundary: 'role'",
  },
  withRevoke: {
    promisedBy: { path: 'does not hold', role: 'with the revoke', 'role strict': 'with the revoke', login: 'holds' },
    heldBy: `${rights}, where set_config is revoked from public`,
    wouldHold: "boundary: 'role' with set_config revoked from public, or boundary: 'login'",
  },
  fromStrict: {
    promisedBy: { path: 'does not hold', role: 'does not hold', 'role strict': 'holds', login: 'holds' },
    heldBy: 'the refusal of such texts by strict',
    wouldHold: "boundary: 'role' with strict: true, or boundary: 'login'",
  },
  onlyLogin: {
    promisedBy: { path: 'does not hold', role: 'does not hold', 'role strict': 'does not hold', login: 'holds' },
    heldBy: 'connections that serve one tenant',
    wouldHold: "boundary: 'login'",
  },
  never: {
    promisedBy: { path: 'does not hold', role: 'does not hold', 'role strict': 'does not hold', login: 'does not hold' },
    heldBy: 'no boundary',
    wouldHold: 'a database for each tenant',
  },
} as const satisfies Record<string, WhoPromises>
