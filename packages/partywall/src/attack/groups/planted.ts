/**
 * Functions and operators in the tenant's schema that partywall's own statements could call: a more exact overload takes precedence even over pg_catalog. They
 * are made by the owner, as a migration or a restored dump would, and each counts its calls in a sequence.
 */
import { group, promises, type AttackIn } from './attack.ts'
import { held, notHeld } from './judging.ts'
import type { World } from './world.ts'

const promise = { ...promises.everywhere, heldBy: 'names with their schema in every statement of partywall' }

/** What an attack makes, and what removes it again. */
interface Plants {
  readonly made: readonly string[]
  readonly removed: readonly string[]
}

const planting = (name: string, title: string, plants: (at: string) => Plants): AttackIn => ({
  name,
  title,
  promise,
  run: async (world) => {
    const { owner, other, one } = world
    await owner.query({ text: `create sequence if not exists ${other.sql}.calls` })
    await owner.query({ text: `alter sequence ${other.sql}.calls restart` })
    const { made, removed } = plants(other.sql)
    for (const text of made) await owner.query({ text })
    try {
      await world.run(other, async () => {
        await one.query('select 1')
        const client = await one.connect()
        try {
          await client.query('begin')
          await client.query('select 1')
          await client.query('select $1::integer', [1])
          await client.query('select 1; select 2')
          await client.query('rollback')
        } finally {
          client.release()
        }
      })
    } catch (error) {
      // A call that failed is a call, too; without one, an error says nothing about what was planted.
      if (!(await called(world))) throw error
    } finally {
      for (const text of removed) await owner.query({ text })
    }
    return (await called(world)) ? notHeld('a statement of partywall called it') : held('no statement of partywall called it')
  },
})

const signatures = {
  functions: [
    ['set_config', 'text, text, boolean', 'text'],
    ['has_schema_privilege', 'regnamespace, text', 'boolean'],
    ['pg_my_temp_schema', '', 'oid'],
  ],
  operators: [['differs', 'regnamespace, oid', 'boolean']],
  types: [['counted', 'text', 'boolean']],
} as const

export const planted = group('planted', [
  planting('function', "plant functions with the names of those in partywall's statements", (at) =>
    counting(at, signatures.functions),
  ),
  planting('operator', "plant an operator that fits partywall's statements", (at) => {
    const { made, removed } = counting(at, signatures.operators)
    const operator = `create operator ${at}.<> (leftarg = regnamespace, rightarg = oid, function = ${at}.differs)`
    return { made: [...made, operator], removed }
  }),
  planting('type', "plant types with the names of those in partywall's statements", (at) => {
    const { made, removed } = counting(at, signatures.types)
    const domains = ['regnamespace', 'oid']
    return {
      made: [...made, ...domains.map((name) => `create domain ${at}.${name} as text check (${at}.counted(value))`)],
      removed: [...domains.map((name) => `drop domain ${at}.${name}`), ...removed],
    }
  }),
])

/** Made under another name: behind a pooler partywall refuses a text that looks like a call of set_config. */
function counting(at: string, functions: readonly (readonly [name: string, parameters: string, returns: string])[]): Plants {
  return {
    made: functions.flatMap(([name, parameters, returns]) => [
      `create function ${at}.planted(${parameters}) returns ${returns} language plpgsql as $body$
       begin perform pg_catalog.nextval('${at}.calls'); return null; end $body$`,
      `alter function ${at}.planted rename to ${name}`,
    ]),
    removed: functions.map(([name]) => `drop function ${at}.${name} cascade`),
  }
}

async function called({ owner, other }: World): Promise<boolean> {
  const { rows } = await owner.query<{ called: string }>({ text: `select is_called::text as called from ${other.sql}.calls` })
  return rows[0]?.called === 'true'
}
