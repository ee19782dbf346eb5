/** The option `members`: the roles of an application, what each may do, and how many members a tenant may have. */
import type { Tenant } from '../types.ts'
import { invalid, knownKeys, list } from './checks.ts'

export interface MembersConfig {
  /**
   * Roles beside `owner`, `admin` and `member`, and what each may do; also what `admin` and `member` may do. An owner may do everything.
   * @default {}
   * @example { editor: { can: ['polls.write'] }, admin: { can: ['polls.write', 'members.invite'] } }
   */
  roles?: Readonly<Record<string, { readonly can: readonly string[] }>>
  /** The permissions that a tenant may give to roles that it defines itself, by `tenancy.members.defineRole`. @default [] */
  permissions?: readonly string[]
  /** The most members that a tenant may have, e.g. by its plan; undefined is no limit. It is called in the transaction that adds one. @default undefined */
  seats?: ((tenant: Tenant<any>) => number | undefined) | undefined
}

/** The same, complete and checked. */
export interface MembersOption {
  readonly roles: Readonly<Record<string, { readonly can: readonly string[] }>>
  readonly permissions: readonly string[]
  readonly seats: ((tenant: Tenant<any>) => number | undefined) | undefined
}

const nameOfRole = /^[a-z][a-z0-9_-]{0,62}$/
const nameOfPermission = /^[a-z0-9][a-z0-9._:-]{0,99}$/i

/** What a role may be called: 1 to 63 lower-case letters, digits, _ and -, a letter first. */
export function isRoleName(name: unknown): name is string {
  return typeof name === 'string' && nameOfRole.test(name) && !name.endsWith('\n')
}

export function membersOption(members: MembersConfig): MembersOption {
  knownKeys('members.', members, ['roles', 'permissions', 'seats'])
  const { roles = {}, permissions = [], seats } = members
  if (typeof roles !== 'object' || roles === null || Array.isArray(roles)) throw invalid('members.roles', roles, 'an object')
  if (seats !== undefined && typeof seats !== 'function') {
    throw invalid('members.seats', seats, 'a function that returns a number for a tenant, or undefined')
  }
  const checked = Object.entries(roles).map(([name, role]) => {
    const option = `members.roles.${name}`
    if (!isRoleName(name)) throw invalid(option, name, 'under a name of lower-case letters, digits, _ and -, with a letter first')
    if (name === 'owner') throw invalid(option, role, 'left out: an owner may do everything')
    knownKeys(`${option}.`, role, ['can'])
    return [name, Object.freeze({ can: permissionsOption(`${option}.can`, role.can) })] as const
  })
  return Object.freeze({
    roles: Object.freeze(Object.fromEntries(checked)),
    permissions: permissionsOption('members.permissions', permissions),
    seats,
  })
}

function permissionsOption(option: string, value: unknown): readonly string[] {
  const names = list(option, value).map((name) => {
    if (typeof name === 'string' && nameOfPermission.test(name) && !name.endsWith('\n')) return name
    throw invalid(option, name, 'a list of names such as polls.write: letters, digits and . _ : -')
  })
  return Object.freeze([...new Set(names)])
}
