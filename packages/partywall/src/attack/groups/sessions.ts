/** A session is bound to one tenant for its whole life; its statements are not bound one by one. */
import { group, promises, type AttackIn, type Outcome, type WhoPromises } from './attack.ts'
import { held, notHeld, refusedBy, shows, unknownTable } from './judging.ts'
import { reading, roleOf } from './sibling-sql.ts'
import type { World } from './world.ts'

const { everywhere, fromRole, fromStrict } = promises
const stays = { ...fromRole, heldBy: 'the refusal of what would switch the role of a session' }

const inSession = (
  name: string,
  title: string,
  promise: WhoPromises,
  texts: (world: World) => readonly string[],
  alsoHeld: readonly string[] = [],
): AttackIn => ({
  name,
  title,
  promise,
  run: async (world): Promise<Outcome> => {
    try {
      const results = await world.session(world.mine, async (client) => {
        const rows: unknown[] = []
        for (const text of texts(world)) rows.push((await client.query(text)).rows)
        return rows
      })
      return shows(results, world.sibling)
        ? notHeld('it read what belongs to the other tenant')
        : held('it found only what is its own')
    } catch (error) {
      return refusedBy(error, alsoHeld)
    }
  },
})

export const sessions = group('sessions', [
  inSession('qualified', 'read another tenant by its qualified name in a session', fromRole, (world) => [reading(world)]),
  inSession(
    'search-path',
    'set the search path in a session, then read by an unqualified name',
    fromRole,
    ({ sibling }) => [`set search_path = ${sibling.sql}`, 'select secret from notes'],
    unknownTable,
  ),
  inSession('reset-role', 'RESET ROLE in a session, then read another tenant', stays, (world) => ['reset role', reading(world)]),
  inSession('set-role', "SET ROLE to another tenant's in a session, then read it", stays, (world) => [
    `set role ${roleOf(world)}`,
    reading(world),
  ]),
  inSession('text', "SET ROLE to another tenant's in a text of a session, then read it", fromStrict, (world) => [
    `select 1; set role ${roleOf(world)}`,
    reading(world),
  ]),
  inSession('do', "SET ROLE to another tenant's in a DO block of a session, then read it", fromStrict, (world) => [
    `do $$ begin execute 'set role ${roleOf(world)}'; end $$`,
    reading(world),
  ]),
  {
    name: 'left',
    title: 'leave something on a session for the next tenant',
    promise: { ...everywhere, heldBy: 'a session closes its connection' },
    run: async (world) => {
      try {
        await world.session(world.mine, (client) => client.query(`set attack.kept = '${world.mine.secret}'`))
      } catch (error) {
        return refusedBy(error)
      }
      const { rows } = await world.session(world.sibling, (client) =>
        client.query(`select current_setting('attack.kept', true) as kept`),
      )
      return shows(rows, world.mine) ? notHeld('the next tenant met it') : held('the next tenant met nothing of it')
    },
  },
])
