/**
 * Functions and operators in the tenant's schema that partywall's own statements could call: a more exact overload takes precedence even over pg_catalog. They
 * are made by the owner, as a migration or a restored dump would, and each counts its calls in a sequence.
 */
import { group, promises, type AttackIn } from './attack.ts'
import { held, notHeld, refusedBy } from './judging.ts'
import type { World } from './world.ts'

const promise = { ...promises.everywhere, heldBy: 'names with their schema in every statement of partywall' }

const planting = (name: string, title: string, texts: (at: string) => readonly string[]): AttackIn => ({
  name,
  title,
  promise,
  run: async (world) => {
    const { owner, other, one } = world
    await owner.query({ text: `create sequence if not exists ${other.sql}.calls` })
    await owner.query({ text: `alter sequence ${other.sql}.calls restart` })
    for (const text of texts(other.sql)) await owner.query({ text })
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
      return refusedBy(error)
    }
    return (await called(world)) ? notHeld('a statement of partywall called it') : held('no statement of partywall called it')
  },
})

export const planted = group('planted', [
  planting('function', "plant functions with the names of those in partywall's statements", (at) => [
    counting(at, 'set_config(text, text, boolean)', 'text'),
    counting(at, 'set_config(text, text, integer)', 'text'),
    counting(at, 'has_schema_privilege(regnamespace, text)', 'boolean'),
    counting(at, 'pg_my_temp_schema()', 'oid'),
  ]),
  planting('operator', "plant operators that fit partywall's statements", (at) => [
    counting(at, 'differs(oid, oid)', 'boolean'),
    counting(at, 'differs(regnamespace, oid)', 'boolean'),
    `create operator ${at}.<> (leftarg = oid, rightarg = oid, function = ${at}.differs)`,
    `create operator ${at}.<> (leftarg = regnamespace, rightarg = oid, function = ${at}.differs)`,
  ]),
  planting('type', "plant types with the names of those in partywall's statements", (at) => [
    counting(at, 'isnot(text)', 'boolean'),
    `create domain ${at}.regnamespace as text check (${at}.isnot(value))`,
    `create domain ${at}.oid as text check (${at}.isnot(value))`,
  ]),
])

function counting(at: string, signature: string, returns: string): string {
  return `
    create function ${at}.${signature} returns ${returns} language plpgsql as $body$
    begin perform pg_catalog.nextval('${at}.calls'); return null; end $body$`
}

async function called({ owner, other }: World): Promise<boolean> {
  const { rows } = await owner.query<{ called: string }>({ text: `select is_called::text as called from ${other.sql}.calls` })
  return rows[0]?.called === 'true'
}
