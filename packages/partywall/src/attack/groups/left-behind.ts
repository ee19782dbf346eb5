/**
 * The attacker leaves something on a connection, and the next tenant gets the connection. What the text of a statement shows is found; what a function hides
 * is not, except for temporary tables.
 */
import { group, promises, type AttackIn, type Outcome, type WhoPromises } from './attack.ts'
import { held, notHeld, notRun, refusedBy } from './judging.ts'
import type { World } from './world.ts'

const { everywhere, onlyLogin, withRevoke } = promises
const byClosing = { ...everywhere, heldBy: 'the connection is closed, because the text shows what the statement leaves' }

const notOnSessionsOfOthers = notRun('behind a pooler it would stay on a session that the application uses')

interface Leaving {
  readonly name: string
  readonly title: string
  readonly promise: WhoPromises
  /** Closing our connection would not end the session of a pooler, so it is not tried there. */
  readonly staysOnSession?: boolean
  /** Run by the attacker. */
  readonly leave: (world: World) => string
  /** Asked by the next tenant. */
  readonly look: (world: World) => string
  /** Whether the answer shows what was left. */
  readonly isMet: (value: unknown, world: World) => boolean
  /** SQLSTATEs with which `look` fails where nothing was left. */
  readonly clean?: readonly string[]
}

function leaving({ leave, look, isMet, clean = [], staysOnSession = false, ...attack }: Leaving): AttackIn {
  return {
    ...attack,
    run: async (world): Promise<Outcome> => {
      if (staysOnSession && !world.isDirect) return notOnSessionsOfOthers
      try {
        await world.run(world.mine, () => world.one.query(leave(world)))
      } catch (error) {
        return refusedBy(error)
      }
      try {
        const { rows } = await world.run(world.sibling, () => world.one.query<{ value: unknown }>(look(world)))
        return isMet(rows[0]?.value, world) ? notHeld('the next tenant met it') : held('the next tenant met nothing of it')
      } catch (error) {
        return refusedBy(error, clean)
      }
    },
  }
}

const isMine = (value: unknown, { mine }: World): boolean => String(value).includes(mine.secret)
const isNumber = (value: unknown, { mine }: World): boolean => Math.abs(Number(value) - Number(mine.number)) < 1000
const isOne = (value: unknown): boolean => Number(value) > 0

export const temporaryTables = group('temporary-tables', [
  leaving({
    name: 'shadow',
    title: 'hide a table of the next tenant behind a temporary table of the same name',
    promise: byClosing,
    leave: ({ mine }) => `create temporary table notes as select * from ${mine.sql}.notes`,
    look: () => 'select secret as value from notes limit 1',
    isMet: isMine,
  }),
  leaving({
    name: 'left',
    title: 'leave a temporary table with rows',
    promise: byClosing,
    leave: () => 'create temporary table left_behind as select secret from notes',
    look: () => 'select secret as value from left_behind limit 1',
    isMet: isMine,
    clean: ['42P01'],
  }),
  leaving({
    name: 'hidden',
    title: 'leave a temporary table that a function made',
    promise: { ...everywhere, heldBy: 'temporary tables of another tenant are looked for, and dropped' },
    leave: ({ mine }) => `select ${mine.sql}.leave_temporary_table()`,
    look: () => 'select secret as value from left_behind limit 1',
    isMet: isMine,
    clean: ['42P01'],
  }),
  leaving({
    name: 'type',
    title: 'leave a temporary type with the name of a table of the next tenant',
    promise: byClosing,
    leave: () => `create type pg_temp.notes as (planted integer)`,
    look: () => `select count(*) as value from pg_type where typname = 'notes' and typnamespace = pg_my_temp_schema()`,
    isMet: isOne,
  }),
  leaving({
    name: 'function',
    title: 'leave a temporary function',
    promise: byClosing,
    leave: () => `create function pg_temp.planted() returns integer language sql as 'select 1'`,
    look: () => 'select pg_temp.planted() as value',
    isMet: isOne,
    clean: ['42883', '3F000'],
  }),
])

const leftSetting = () => `select current_setting('attack.kept', true) as value`

export const leftBehind = group('left-behind', [
  leaving({
    name: 'setting',
    title: 'leave a setting with a value',
    promise: byClosing,
    leave: ({ mine }) => `set attack.kept = '${mine.secret}'`,
    look: leftSetting,
    isMet: isMine,
  }),
  leaving({
    name: 'hidden-setting',
    title: 'leave a setting that a function made by set_config',
    staysOnSession: true,
    promise: { ...withRevoke, heldBy: `${withRevoke.heldBy}; connections that serve one tenant` },
    leave: ({ mine }) => `select ${mine.sql}.leave_setting()`,
    look: leftSetting,
    isMet: isMine,
  }),
  leaving({
    name: 'role',
    title: 'leave another role',
    promise: byClosing,
    leave: () => `select set_config('role', session_user::text, false)`,
    look: () => `select current_setting('role') as value`,
    isMet: (value, { sibling }) => value !== 'none' && value !== sibling.role,
  }),
  leaving({
    name: 'hidden-read-only',
    title: 'make later transactions read-only by a function',
    staysOnSession: true,
    promise: onlyLogin,
    leave: ({ mine }) => `select ${mine.sql}.leave_read_only()`,
    look: () => `select (current_setting('transaction_read_only') = 'on')::integer as value`,
    isMet: isOne,
  }),
  leaving({
    name: 'listening',
    title: 'leave a LISTEN',
    promise: byClosing,
    leave: () => 'listen attack_left',
    look: () => 'select count(*) as value from pg_listening_channels()',
    isMet: isOne,
  }),
  leaving({
    name: 'hidden-listening',
    title: 'leave a LISTEN that a function made',
    staysOnSession: true,
    promise: onlyLogin,
    leave: ({ mine }) => `select ${mine.sql}.leave_listening()`,
    look: () => `select count(*) as value from pg_listening_channels() as channel where channel = 'attack_left'`,
    isMet: isOne,
  }),
  leaving({
    name: 'lock',
    title: 'leave an advisory lock',
    promise: byClosing,
    leave: () => 'select pg_advisory_lock(4711004711)',
    look: () => `select count(*) as value from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`,
    isMet: isOne,
  }),
  leaving({
    name: 'hidden-lock',
    title: 'leave an advisory lock that a function took',
    staysOnSession: true,
    promise: onlyLogin,
    leave: ({ mine }) => `select ${mine.sql}.leave_lock()`,
    look: () => `select count(*) as value from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`,
    isMet: isOne,
  }),
  {
    name: 'hidden-seed',
    title: 'make the random numbers of the next tenant known, by a function that seeds them',
    promise: onlyLogin,
    run: async (world) => {
      if (!world.isDirect) return notOnSessionsOfOthers
      const draw = (who: World['mine']): Promise<string> =>
        world.run(who, async () => String((await world.one.query<{ drawn: number }>('select random() as drawn')).rows[0]?.drawn))
      const seed = (): Promise<unknown> => world.run(world.mine, () => world.one.query(`select ${world.mine.sql}.leave_seed()`))
      await seed()
      const known = await draw(world.mine)
      await seed()
      return (await draw(world.sibling)) === known
        ? notHeld('the next tenant drew a known number')
        : held('the number was another')
    },
  },
  leaving({
    name: 'prepared',
    title: 'leave a prepared statement',
    promise: byClosing,
    leave: ({ mine }) => `prepare attack_left as select secret from ${mine.sql}.notes`,
    look: () => `select count(*) as value from pg_prepared_statements where name = 'attack_left'`,
    isMet: isOne,
  }),
  leaving({
    name: 'hidden-prepared',
    title: 'leave a prepared statement that a function made',
    staysOnSession: true,
    promise: onlyLogin,
    leave: ({ mine }) => `select ${mine.sql}.leave_prepared()`,
    look: () => `select count(*) as value from pg_prepared_statements where name = 'attack_left'`,
    isMet: isOne,
  }),
  leaving({
    name: 'cursor',
    title: 'leave a cursor that outlives its transaction',
    promise: byClosing,
    leave: () => 'declare attack_left cursor with hold for select secret from notes',
    look: () => `select count(*) as value from pg_cursors where name = 'attack_left'`,
    isMet: isOne,
  }),
  leaving({
    name: 'transaction',
    title: 'leave a transaction open, so that the next tenant runs inside it',
    promise: { ...everywhere, heldBy: 'the connection is closed, or the transaction rolled back' },
    leave: ({ mine }) => `begin; insert into ${mine.sql}.notes (id, secret) values (4711, 'left')`,
    look: () => 'select (pg_current_xact_id_if_assigned() is not null)::integer as value',
    isMet: isOne,
  }),
  leaving({
    name: 'last-number',
    title: 'learn the last number that another tenant took from a sequence (lastval)',
    promise: { ...everywhere, heldBy: 'the refusal of lastval and currval outside of a transaction' },
    leave: ({ mine }) => `select nextval('${mine.sql}.tickets')`,
    look: () => 'select lastval() as value',
    isMet: isNumber,
    clean: ['55000'],
  }),
  leaving({
    name: 'hidden-last-number',
    title: 'learn the last number that another tenant took from a sequence, by a function that reads it',
    promise: {
      promisedBy: { path: 'does not hold', role: 'holds', 'role strict': 'holds', login: 'holds' },
      heldBy: "PostgreSQL's rights of the tenant's role",
      wouldHold: "boundary: 'role'",
    },
    leave: ({ mine }) => `select nextval('${mine.sql}.tickets')`,
    look: ({ sibling }) => `select ${sibling.sql}.last_number() as value`,
    isMet: isNumber,
    clean: ['55000'],
  }),
])
