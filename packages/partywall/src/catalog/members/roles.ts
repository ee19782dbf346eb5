/** What each role may do: the built-in ones, those of the configuration, and those that a tenant has defined. */
import type { MembersOption } from '../../config/members-option.ts'
import { TenancyError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { seen } from '../../seen.ts'
import type { Member, MemberRequirement } from '../../types.ts'

/** The roles that every application has. An owner has each permission, and passes each check of a role. */
export const builtInRoles = ['owner', 'admin', 'member'] as const

export class Roles {
  readonly #option: MembersOption
  /** Every permission that the configuration names. */
  readonly known: readonly string[]

  constructor(option: MembersOption) {
    this.#option = option
    const ofRoles = Object.values(option.roles).flatMap(({ can }) => can)
    this.known = Object.freeze([...new Set([...ofRoles, ...option.permissions])].toSorted())
  }

  /** Those of partywall and of the configuration. A tenant cannot define one of these names. */
  get configured(): readonly string[] {
    return [...new Set([...builtInRoles, ...Object.keys(this.#option.roles)])]
  }

  /** What a tenant may give to its own roles. */
  get grantable(): readonly string[] {
    return this.#option.permissions
  }

  /**
   * @param defined what the tenant has defined. A permission that the configuration does not offer any more counts no more. A role that is not known
   * any more may do nothing.
   */
  permissionsOf(role: string, defined: readonly string[] | undefined): readonly string[] {
    if (role === 'owner') return this.known
    if (Object.hasOwn(this.#option.roles, role)) return this.#option.roles[role]!.can
    if (defined === undefined || this.configured.includes(role)) return none
    return Object.freeze(defined.filter((permission) => this.grantable.includes(permission)))
  }

  /** Why this member may not pass, as half a sentence; undefined when it may. An owner passes for each role. */
  lackOf({ role, permissions }: Pick<Member, 'role' | 'permissions'>, { roles, can }: CheckedRequirement): string | undefined {
    if (roles !== undefined && role !== 'owner' && !roles.includes(role)) {
      return `this needs the role ${roles.join(' or ')}, and the member has ${role}`
    }
    const missing = can.filter((permission) => !permissions.includes(permission))
    return missing.length === 0 ? undefined : `this needs ${missing.join(', ')}, and the role ${role} may not do that`
  }

  /**
   * A misspelt permission would refuse every member but the owner, or, in a role, give nothing.
   * @throws TenancyError INVALID_ARGUMENT
   */
  checkedRequirement(what: string, { roles, can }: MemberRequirement): CheckedRequirement {
    for (const permission of [can ?? []].flat()) {
      if (this.known.includes(permission)) continue
      const suggestion = typeof permission === 'string' ? nearest(permission, this.known) : undefined
      const hint =
        suggestion === undefined ? `It has: ${this.known.join(', ') || 'none'}.` : `Did you mean ${JSON.stringify(suggestion)}?`
      throw new TenancyError(
        'INVALID_ARGUMENT',
        `"can" of ${what} names ${seen(permission, 'quoted')}, and the option "members" has no such permission. ${hint}`,
        { details: { what, option: 'can', nearest: suggestion } },
      )
    }
    const names = roles === undefined ? undefined : [roles].flat()
    const isList = names === undefined || (names.length > 0 && names.every((name) => typeof name === 'string' && name !== ''))
    if (isList) return { roles: names, can: [can ?? []].flat() }
    throw new TenancyError('INVALID_ARGUMENT', `"roles" of ${what} must be the name of a role, or a list of names.`, {
      details: { what, option: 'roles' },
    })
  }
}

export interface CheckedRequirement {
  readonly roles: readonly string[] | undefined
  readonly can: readonly string[]
}

const none: readonly string[] = Object.freeze([])
