/** Texts of several statements, and statements that run others: what an injection into a text of the application can add. */
import { group, promises } from './attack.ts'
import { hostile } from './hostile.ts'
import { reading, roleOf } from './sibling-sql.ts'

const { everywhere, fromRole, fromStrict } = promises

export const severalStatements = group('several-statements', [
  hostile({
    name: 'second',
    title: 'add a second statement that reads another tenant',
    promise: fromRole,
    sql: (world) => `select 1; ${reading(world)}`,
  }),
  hostile({
    name: 'after-commit',
    title: 'end the transaction in a text, then read another tenant without a binding',
    promise: everywhere,
    heldBy: 'the refusal of a statement behind a commit',
    sql: (world) => `select 1; commit; ${reading(world)}`,
  }),
  hostile({
    name: 'after-rollback',
    title: 'roll the binding back in a text, then read another tenant',
    promise: everywhere,
    heldBy: 'the refusal of a statement behind a rollback',
    sql: (world) => `rollback; ${reading(world)}`,
  }),
  hostile({
    name: 'do',
    title: 'read another tenant in a DO block, and carry the value out in an error',
    promise: fromRole,
    sql: ({ sibling }) => `do $$ begin raise exception '%', (select secret from ${sibling.sql}.notes limit 1); end $$`,
  }),
  hostile({
    name: 'do-set-role',
    title: "take another tenant's role in a DO block, and read it",
    promise: fromStrict,
    sql: (world) => `
      do $$ begin
        execute 'set local role ${roleOf(world)}';
        raise exception '%', (select secret from ${world.sibling.sql}.notes limit 1);
      end $$`,
  }),
  hostile({
    name: 'do-reset-role',
    title: 'leave the role in a DO block, and read another tenant',
    promise: fromStrict,
    wouldHold: "a login that owns nothing (database.deploy); boundary: 'role' with strict: true, or boundary: 'login'",
    sql: (world) => `
      do $$ begin
        execute 'reset role';
        raise exception '%', (select secret from ${world.sibling.sql}.notes limit 1);
      end $$`,
  }),
  hostile({
    name: 'cursor',
    title: 'read another tenant through a cursor',
    promise: fromRole,
    isRolledBack: true,
    sql: (world) => [`declare stolen cursor for ${reading(world)}`, 'fetch all from stolen'],
  }),
  hostile({
    name: 'prepare',
    title: 'read another tenant through PREPARE and EXECUTE',
    promise: fromRole,
    isRolledBack: true,
    sql: (world) => [`prepare stolen as ${reading(world)}`, 'execute stolen', 'deallocate stolen'],
  }),
])
