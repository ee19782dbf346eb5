/** The attacker leaves the role that its statements run as, takes another one, or gives itself rights. */
import { group, promises } from './attack.ts'
import { hostile } from './hostile.ts'
import { reading, roleOf } from './sibling-sql.ts'
import type { World } from './world.ts'

const { fromRole, fromStrict, withRevoke } = promises

const asText = ({ sibling }: World): string => `query_to_xml('select secret from ${sibling.sql}.notes', true, true, '')::text`

export const roles = group('roles', [
  hostile({
    name: 'reset',
    title: 'RESET ROLE, then read another tenant',
    promise: fromRole,
    sql: (world) => ['reset role', reading(world)],
  }),
  hostile({
    name: 'reset-in-transaction',
    title: 'RESET ROLE in a transaction, then read another tenant',
    promise: fromRole,
    heldBy: "the binding of the next statement, and PostgreSQL's rights",
    isRolledBack: true,
    sql: (world) => ['reset role', reading(world)],
  }),
  hostile({
    name: 'set-in-transaction',
    title: "SET ROLE to another tenant's in a transaction, then read it",
    promise: fromRole,
    heldBy: "the binding of the next statement, and PostgreSQL's rights",
    isRolledBack: true,
    sql: (world) => [`set local role ${roleOf(world)}`, reading(world)],
  }),
  hostile({
    name: 'savepoint',
    title: 'SET ROLE, then roll back to a savepoint before it, and read another tenant',
    promise: fromRole,
    isRolledBack: true,
    sql: (world) => ['savepoint before', `set local role ${roleOf(world)}`, 'rollback to savepoint before', reading(world)],
  }),
  hostile({
    name: 'session-authorization',
    title: 'SET SESSION AUTHORIZATION, then read another tenant',
    promise: fromRole,
    isRolledBack: true,
    sql: (world) => ['set local session authorization default', 'reset role', reading(world)],
  }),
  hostile({
    name: 'reset-in-text',
    title: 'RESET ROLE and read another tenant, in one text of two statements',
    promise: fromStrict,
    wouldHold: "a login that owns nothing (database.deploy); boundary: 'role' with strict: true, or boundary: 'login'",
    sql: (world) => `reset role; ${reading(world)}`,
  }),
  hostile({
    name: 'set-in-text',
    title: "SET ROLE to another tenant's and read it, in one text of two statements",
    promise: fromStrict,
    sql: (world) => `set local role ${roleOf(world)}; ${reading(world)}`,
  }),
  hostile({
    name: 'set-config-from',
    title: "take another tenant's role by set_config and run a text, in one statement",
    promise: withRevoke,
    sql: (world) => `select ${asText(world)} from (select set_config('role', '${world.sibling.role}', true) offset 0) as changed`,
  }),
  hostile({
    name: 'set-config-with',
    title: "take another tenant's role by set_config in a common table expression, and run a text",
    promise: withRevoke,
    sql: (world) => `
      with changed as materialized (select set_config('role', '${world.sibling.role}', true) as role)
      select ${asText(world)} from changed`,
  }),
  hostile({
    name: 'set-config-none',
    title: 'leave the role by set_config and run a text, in one statement',
    promise: withRevoke,
    sql: (world) => `select ${asText(world)} from (select set_config('role', 'none', true) offset 0) as changed`,
  }),
  hostile({
    name: 'set-config-in-order',
    title: "take another tenant's role while rows are sorted, before they are read",
    promise: withRevoke,
    sql: (world) => `
      select ${asText(world)}
      from (select id from notes order by set_config('role', '${world.sibling.role}', true), id limit 1) as changed`,
  }),
  hostile({
    name: 'grant-role',
    title: "give another tenant's role to the own one",
    promise: fromRole,
    success: 'runs',
    sql: (world) =>
      world.sibling.role === 'none' ? 'grant pg_read_all_data to current_user' : `grant ${roleOf(world)} to current_user`,
    // PostgreSQL does not make a role a member of itself, whatever its rights.
    alsoHeld: ['0LP01'],
  }),
  hostile({
    name: 'grant-select',
    title: 'give all roles the right to read a table of another tenant',
    promise: fromRole,
    success: 'runs',
    sql: ({ sibling }) => `grant select on ${sibling.sql}.notes to public`,
  }),
  hostile({
    name: 'default-privileges',
    title: 'give rights on what will be made in the schema of another tenant',
    promise: fromRole,
    success: 'runs',
    sql: ({ sibling, ownerRole }) =>
      `alter default privileges for role ${ownerRole} in schema ${sibling.sql} grant select on tables to public`,
  }),
  hostile({
    name: 'create-role',
    title: 'make a role',
    promise: fromRole,
    success: 'runs',
    sql: () => 'create role attack_planted',
  }),
  hostile({
    name: 'alter-role',
    title: 'give the own role more rights',
    promise: fromRole,
    success: 'runs',
    sql: () => 'alter role current_user createrole',
  }),
  hostile({
    name: 'own-table',
    title: 'become the owner of a table of another tenant',
    promise: fromRole,
    success: 'runs',
    sql: ({ sibling }) => `alter table ${sibling.sql}.notes owner to current_user`,
  }),
])
