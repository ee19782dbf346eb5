/** Code that runs later than it was written: callbacks, events, promises without an await, and connections that are kept. */
import { EventEmitter } from 'node:events'
import { group, promises, type Outcome } from './attack.ts'
import { held, notHeld, refusedBy, shows } from './judging.ts'
import type { PoolClient, ThrowAway, World } from './world.ts'

const byScope = { ...promises.everywhere, heldBy: 'the scope, which is read when a statement is issued' }
const byCheckout = { ...promises.everywhere, heldBy: 'a checkout, which belongs to one tenant and ends with its release' }
const reading = 'select secret from notes where id = 1'

export const asyncContext = group('async-context', [
  {
    name: 'callback',
    title: "query in a callback that runs when another tenant's request released the connection",
    promise: byScope,
    run: async (world) => {
      const { one, mine, sibling } = world
      const client = await world.run(sibling, () => one.connect())
      const read = world.run(
        mine,
        () =>
          new Promise<unknown[]>((resolve, reject) => {
            one.query('select 1', () => void one.query(reading).then(({ rows }) => resolve(rows), reject))
          }),
      )
      await world.run(sibling, () => client.release())
      return own(await read, mine)
    },
  },
  {
    name: 'connect-callback',
    title: "check a connection out with a callback, while another tenant's request holds it",
    promise: byScope,
    run: async (world) => {
      const { one, mine, sibling } = world
      const client = await world.run(sibling, () => one.connect())
      const taking = world.run(mine, async () => {
        const taken = Promise.withResolvers<PoolClient>()
        one.connect((error, second) => (second === undefined ? taken.reject(error) : taken.resolve(second)))
        return taken.promise
      })
      await world.run(sibling, () => client.release())
      const taken = await taking
      try {
        return own((await world.run(mine, () => taken.query(reading))).rows, mine)
      } finally {
        taken.release()
      }
    },
  },
  {
    name: 'unawaited',
    title: 'start a statement, leave the scope, and let another tenant run before it is sent',
    promise: byScope,
    run: async (world) => {
      const { one, mine, sibling } = world
      let late: Promise<{ rows: unknown[] }> | undefined
      await world.run(mine, () => {
        late = one.query(reading)
      })
      const [first, second] = await Promise.all([late!, world.run(sibling, () => one.query(reading))])
      return shows(first.rows, mine) && shows(second.rows, sibling) ? ownRows : otherRows
    },
  },
  {
    name: 'timer',
    title: 'query in a timer, after the request of another tenant began',
    promise: byScope,
    run: async (world) => {
      const { one, mine, sibling } = world
      const later = world.run(
        mine,
        () =>
          new Promise<unknown[]>((resolve, reject) => {
            setTimeout(() => one.query(reading).then(({ rows }) => resolve(rows), reject), 5)
          }),
      )
      const [rows] = await Promise.all([later, world.run(sibling, () => one.query(reading))])
      return own(rows, mine)
    },
  },
  {
    name: 'emitter',
    title: 'query in a listener of an event that another tenant emits',
    promise: { ...byScope, heldBy: 'tenancy.bind, and the adapters, which bind the events of a request' },
    run: async (world) => {
      const { one, mine, sibling } = world
      const events = new EventEmitter()
      const read = Promise.withResolvers<unknown[]>()
      await world.run(mine, () => {
        const query = world.bind(() => one.query(reading))
        events.once('call', () => void query().then(({ rows }) => read.resolve(rows), read.reject))
      })
      await world.run(sibling, () => events.emit('call'))
      return own(await read.promise, mine)
    },
  },
  {
    name: 'nested',
    title: 'return from the scope of another tenant that was entered inside',
    promise: byScope,
    run: async (world) => {
      const { one, mine, sibling } = world
      const [inside, after] = await world.run(mine, async () => {
        const nested = await world.run(sibling, () => one.query(reading))
        return [nested.rows, (await one.query(reading)).rows]
      })
      return shows(inside, sibling) && shows(after, mine) && !shows(after, sibling) ? ownRows : otherRows
    },
  },
  {
    name: 'after-throw',
    title: 'stay in the scope of a tenant after its code threw',
    promise: byScope,
    run: async (world) => {
      const { one, mine, sibling } = world
      const { rows } = await world.run(mine, async () => {
        await world.run(sibling, () => Promise.reject(new Error('thrown'))).catch(() => {})
        return one.query(reading)
      })
      return own(rows, mine)
    },
  },
  {
    name: 'no-scope',
    title: 'query outside of every scope',
    promise: { ...byScope, heldBy: 'the refusal of a statement without a scope' },
    run: async (world) => {
      await world.run(world.sibling, () => world.one.query(reading))
      try {
        const { rows } = await world.runOutside(() => world.one.query(reading))
        return shows(rows, world.sibling) ? otherRows : held('it read the shared schema, as outsideScope says')
      } catch (error) {
        // With outsideScope: 'shared' the shared schema has no such table.
        return refusedBy(error, ['42P01'])
      }
    },
  },
  {
    name: 'kept-client',
    title: 'use a connection that another tenant checked out and did not release',
    promise: byCheckout,
    run: (world) =>
      withClient(world, world.sibling, async (client) => {
        return own((await world.run(world.mine, () => client.query(reading))).rows, world.mine)
      }),
  },
  {
    name: 'after-release',
    title: 'use a connection after its release, while another tenant has it',
    promise: byCheckout,
    run: async (world) => {
      const kept = await world.run(world.mine, () => world.one.connect())
      await world.run(world.mine, () => kept.release())
      return withClient(world, world.sibling, async (client) => {
        await client.query('select 1')
        return own((await world.run(world.mine, () => kept.query(reading))).rows, world.mine)
      })
    },
  },
  {
    name: 'second-release',
    title: 'release a connection twice, so that two tenants get it',
    promise: byCheckout,
    run: async (world) => {
      const { one, mine, sibling } = world
      const kept = await world.run(mine, () => one.connect())
      kept.release()
      let second: Promise<PoolClient> | undefined
      const outcome = await withClient(world, sibling, async (client) => {
        try {
          kept.release()
        } catch {
          // node-postgres throws at the second release.
        }
        second = world.run(mine, () => one.connect())
        await client.query('select pg_sleep(0.02)')
        return own((await client.query(reading)).rows, sibling)
      })
      ;(await second)?.release()
      return outcome
    },
  },
])

const ownRows = held('each statement read its own rows')
const otherRows = notHeld('it read what belongs to the other tenant')

function own(rows: readonly unknown[], who: ThrowAway): Outcome {
  return shows(rows, who) ? ownRows : otherRows
}

async function withClient(world: World, who: ThrowAway, fn: (client: PoolClient) => Promise<Outcome>): Promise<Outcome> {
  const client = await world.run(who, () => world.one.connect())
  try {
    return await world.run(who, () => fn(client))
  } catch (error) {
    return refusedBy(error)
  } finally {
    client.release()
  }
}
