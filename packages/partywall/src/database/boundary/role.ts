/**
 * The role that a statement runs as. PostgreSQL then checks every name in it against the rights of that role, however the name is written. It is
 * set last: the role of a tenant may not call set_config.
 */
import { fixedRole, fixedRoleSql, type FixedRole } from '../../names/role-name.ts'
import { literal } from '../../sql/literal.ts'
import type { Setting } from './setting.ts'

export interface RoleSetting extends Setting {
  /** The role in a database; also for the name of the database, because a fixed role has it in its own. */
  nameIn(database: string): string
}

export function roleSetting(role: string): RoleSetting {
  return {
    name: 'role',
    tag: 'role',
    values: [role],
    literals: () => [literal(role)],
    expression: ([value]) => value!,
    nameIn: () => role,
  }
}

export function fixedRoleSetting(role: FixedRole): RoleSetting {
  return {
    name: 'role',
    tag: role,
    values: [],
    literals: () => [],
    expression: () => fixedRoleSql(role),
    nameIn: (database) => fixedRole(role, database),
  }
}
