/** Tenants take turns on the connections, as they do in every application; behind a pooler they share its sessions, too. */
import { sqlStateOf } from '../../sql/sqlstate.ts'
import { group, promises, type Outcome } from './attack.ts'
import { held, notHeld, refusedBy, shows } from './judging.ts'
import type { PoolClient, ThrowAway, World } from './world.ts'

const { everywhere } = promises
const reading = 'select secret from notes where id = 1'

export const turns = group('turns', [
  {
    name: 'statements',
    title: 'read the table of the tenant that used the connection before',
    promise: everywhere,
    run: async (world) => {
      for (let turn = 0; turn < 10; turn++) {
        for (const who of [world.sibling, world.mine]) {
          const { rows } = await world.run(who, () => world.one.query(reading))
          if (!isOwn(rows, who)) return notHeld('a statement read the rows of the tenant before')
        }
      }
      return held('each statement read its own rows')
    },
  },
  {
    name: 'at-once',
    title: 'read while another tenant queries at the same time',
    promise: everywhere,
    run: async (world) => {
      const all = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? world.mine : world.sibling))
      const right = await Promise.all(
        all.map((who) => world.run(who, async () => isOwn((await world.two.query(reading)).rows, who))),
      )
      return right.every(Boolean)
        ? held('each statement read its own rows')
        : notHeld('a statement read the rows of another tenant')
    },
  },
  {
    name: 'parameters',
    title: 'read with parameters, in the extended protocol',
    promise: everywhere,
    run: (world) =>
      alternately(world, (who) => world.one.query('select secret from notes where id = $1 and $2 = $2', [1, who.schema])),
  },
  {
    name: 'transactions',
    title: 'read in a transaction after the transaction of another tenant failed',
    promise: everywhere,
    run: async (world) => {
      await inTransaction(world, world.sibling, (client) => client.query('select 1 / 0').catch(() => {}))
      return inTransaction(world, world.mine, async (client) => {
        const { rows } = await client.query(reading)
        return isOwn(rows, world.mine) ? held('the transaction read its own rows') : notHeld('it read the rows of another tenant')
      })
    },
  },
  {
    name: 'savepoint',
    title: 'read after a rollback to a savepoint, which undoes settings',
    promise: everywhere,
    run: async (world) => {
      await world.run(world.sibling, () => world.one.query(reading))
      return inTransaction(world, world.mine, async (client) => {
        await client.query('savepoint before')
        await client.query('select 1')
        await client.query('rollback to savepoint before')
        const { rows } = await client.query(reading)
        return isOwn(rows, world.mine) ? held('the statement read its own rows') : notHeld('it read other rows')
      })
    },
  },
  {
    name: 'timeout',
    title: 'read after a statement of another tenant that was given up',
    promise: everywhere,
    run: async (world) => {
      const slow = { text: 'select pg_sleep(0.1)', query_timeout: 20 }
      await world.run(world.sibling, async () => {
        const client = await world.one.connect()
        await client.query(slow).catch(() => {})
        client.release()
      })
      const { rows } = await world.run(world.mine, () => world.one.query(reading))
      return isOwn(rows, world.mine) ? held('the statement read its own rows') : notHeld('it read the rows of another tenant')
    },
  },
  {
    name: 'writes',
    title: 'write into the table of the tenant that used the connection before',
    promise: everywhere,
    run: async (world) => {
      await world.run(world.sibling, () => world.one.query('select 1'))
      await world.run(world.mine, () => world.one.query('update notes set added = 4711'))
      const [own, others] = [await tookChange(world, world.mine), await tookChange(world, world.sibling)]
      if (others) return notHeld('it changed rows of the other tenant')
      return own ? held('the statement changed its own rows') : notHeld('it did not change its own rows')
    },
  },
])

export const preparedStatements = group('prepared-statements', [
  {
    name: 'same-name',
    title: 'run a named statement that another tenant prepared, on a table with other columns',
    promise: everywhere,
    run: (world) =>
      alternately(world, () => world.one.query({ name: 'attack', text: 'select * from notes where id = $1', values: [1] })),
  },
  {
    name: 'same-text',
    title: 'meet the plan of another tenant by the same text',
    promise: everywhere,
    run: (world) => alternately(world, () => world.one.query('select secret from notes where id = $1', [1])),
  },
  {
    name: 'execute',
    title: 'execute the prepared statement of another tenant by its name on the server',
    promise: everywhere,
    heldBy: 'PostgreSQL, which plans a statement again when the search path is another',
    run: async (world) => {
      const { one, mine, sibling } = world
      await world.run(sibling, () =>
        one.query({ name: 'attack_named', text: 'select secret from notes where id >= $1', values: [1] }),
      )
      const names = await namesFor(world)
      try {
        for (const name of names) {
          const { rows } = await world.run(mine, () => one.query(`execute "${name}" (1)`))
          if (shows(rows, sibling)) return notHeld('it read what belongs to the other tenant')
        }
        return held(names.length === 0 ? 'the session shows no such statement' : 'the statement read the own rows')
      } catch (error) {
        return refusedBy(error, ['26000'])
      }
    },
  },
  {
    name: 'texts',
    title: 'read the texts of statements that another tenant prepared on the connection (pg_prepared_statements)',
    promise: { ...promises.onlyLogin, wouldHold: "statements without a name, or boundary: 'login'" },
    run: async (world) => {
      const { one, sibling } = world
      await world.run(sibling, () =>
        one.query({ name: 'attack_text', text: `select secret as "${sibling.code}" from notes where id >= $1`, values: [1] }),
      )
      const { rows } = await world.run(world.mine, () => one.query('select statement from pg_prepared_statements'))
      return shows(rows, sibling) ? notHeld('it read the text of the other tenant') : held('the session shows no such statement')
    },
  },
])

/** Whether the table has the changed rows; they are set back. */
async function tookChange({ owner }: World, { sql }: ThrowAway): Promise<boolean> {
  const { rows } = await owner.query({ text: `update ${sql}.notes set added = null where added = 4711 returning id` })
  return rows.length > 0
}

function isOwn(rows: readonly unknown[], who: ThrowAway): boolean {
  return rows.length > 0 && shows(rows, who)
}

async function alternately(world: World, query: (who: ThrowAway) => Promise<{ rows: unknown[] }>): Promise<Outcome> {
  for (const who of [world.sibling, world.mine, world.sibling, world.mine]) {
    try {
      const { rows } = await world.run(who, () => query(who))
      if (!isOwn(rows, who)) return notHeld('a statement read the rows of another tenant')
    } catch (error) {
      // What partywall or the network has refused says nothing about the plan.
      if (sqlStateOf(error) === undefined) throw error
      return notHeld('a statement failed because of what another tenant did')
    }
  }
  return held('each statement read its own rows')
}

async function namesFor({ run, one, mine }: World): Promise<readonly string[]> {
  const { rows } = await run(mine, () =>
    one.query<{ name: string }>(
      `select name from pg_prepared_statements where statement like 'select secret from notes where id >=%'`,
    ),
  )
  return rows.map(({ name }) => name)
}

async function inTransaction<T>(world: World, who: ThrowAway, fn: (client: PoolClient) => Promise<T>): Promise<T> {
  return world.run(who, async () => {
    const client = await world.one.connect()
    try {
      await client.query('begin')
      return await fn(client)
    } finally {
      await client.query('rollback')
      client.release()
    }
  }) as Promise<T>
}
