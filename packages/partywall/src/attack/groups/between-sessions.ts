/** What exists once in a database and joins sessions: notifications, advisory locks, and sessions that can be ended. */
import { group, promises, type Outcome } from './attack.ts'
import { held, notHeld, notTried, refusedBy, shows } from './judging.ts'
import type { PoolClient, World } from './world.ts'

const { fromRole, never } = promises

export const listen = group('listen', [
  {
    name: 'receive',
    title: 'receive what another tenant notifies on a channel',
    promise: { ...never, wouldHold: "the tenant's id in the names of channels, and payloads without content" },
    run: (world) => notified(world, world.mine, world.sibling),
  },
  {
    name: 'send',
    title: 'notify on a channel that another tenant listens on',
    promise: { ...never, wouldHold: 'receivers that look up what a notification names' },
    run: (world) => notified(world, world.sibling, world.mine),
  },
])

export const advisoryLocks = group('advisory-locks', [
  {
    name: 'wait',
    title: 'hold an advisory lock that another tenant takes',
    promise: { ...never, wouldHold: "the tenant's id as a part of the key" },
    run: async (world) =>
      whileOpen(world, `select pg_advisory_xact_lock(4711004712)`, async () => {
        const { rows } = await world.run(world.sibling, () =>
          world.two.query<{ got: boolean }>('select pg_try_advisory_xact_lock(4711004712) as got'),
        )
        return rows[0]?.got === false ? notHeld('the other tenant did not get the lock') : held('the locks are apart')
      }),
  },
  {
    name: 'list',
    title: 'see which advisory locks other tenants hold (pg_locks)',
    promise: { ...never, wouldHold: 'keys that say nothing' },
    run: async (world) =>
      whileOpen(world, `select pg_advisory_xact_lock(4711004713)`, async () => {
        const { rows } = await world.run(world.sibling, () =>
          world.two.query(
            `select 1 from pg_locks where locktype = 'advisory' and objid = (4711004713 & 4294967295)::bigint::oid`,
          ),
        )
        return rows.length > 0 ? notHeld('the server told it') : held('the server shows nothing of the other tenant')
      }),
  },
])

export const otherSessions = group('other-sessions', [
  {
    name: 'cancel',
    title: 'cancel a statement of another tenant (pg_cancel_backend)',
    promise: fromRole,
    run: (world) => signalled(world, 'pg_cancel_backend'),
  },
  {
    name: 'terminate',
    title: 'end a session of another tenant (pg_terminate_backend)',
    promise: fromRole,
    run: (world) => signalled(world, 'pg_terminate_backend'),
  },
])

/** One tenant listens on a checkout, the other one notifies. */
async function notified(world: World, listener: World['mine'], sender: World['mine']): Promise<Outcome> {
  return world.run(listener, async () => {
    const client = await world.two.connect()
    const received: unknown[] = []
    client.on('notification', ({ payload }) => received.push(payload))
    try {
      await client.query('listen attack_channel')
      await world.run(sender, () => world.two.query(`select pg_notify('attack_channel', $1)`, [sender.secret]))
      // The server sends what was notified before the answer to a statement.
      await client.query('select 1')
      return shows(received, sender) ? notHeld('the notification arrived') : held('no notification arrived')
    } catch (error) {
      return refusedBy(error)
    } finally {
      client.release(true)
    }
  })
}

/** @param hold a statement of the attacker, whose transaction stays open while `look` runs */
async function whileOpen(world: World, hold: string, look: () => Promise<Outcome>): Promise<Outcome> {
  return inTransactionOf(world, world.mine, async (client) => {
    await client.query(hold)
    return look()
  })
}

async function signalled(world: World, signal: string): Promise<Outcome> {
  return inTransactionOf(world, world.sibling, async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    return world
      .run(world.mine, () => world.two.query<{ sent: boolean }>(`select ${signal}($1) as sent`, [rows[0]!.pid]))
      .then(
        (answer) => (answer.rows[0]?.sent === true ? notHeld('the signal was sent') : notTried('the server has no such session')),
        refusedBy,
      )
  })
}

async function inTransactionOf(world: World, who: World['mine'], fn: (client: PoolClient) => Promise<Outcome>): Promise<Outcome> {
  return world.run(who, async () => {
    const client = await world.two.connect()
    client.on('error', () => {})
    try {
      await client.query('begin')
      return await fn(client)
    } finally {
      await client.query('rollback').catch(() => {})
      client.release(true)
    }
  })
}
