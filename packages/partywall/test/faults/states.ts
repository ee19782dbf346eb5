/**
 * The states of a client in which its server session may end, and what must happen then: an error, soon, and nothing that waits
 * indefinitely. The test that uses them chooses the end: a backend that is killed, a server or a pooler that is restarted.
 */
import { once } from 'node:events'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, PoolClient } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { expect } from 'vitest'
import { afterLosses, loses, within } from '../support/pools/rest.ts'

export interface Ending {
  readonly client: PoolClient
  /** Ends the server session that the client has, and waits until it is gone. */
  readonly kill: () => Promise<void>
  /** False behind a pooler, where a client has no session between its statements, so none to lose. */
  readonly isBoundToSession: boolean
}

/** What the states need in the database, beside the tenants. */
export async function prepareStates(admin: Client): Promise<void> {
  await admin.query(`
    create table tenant_a.slow (id int);
    create function public.take_time() returns trigger language plpgsql as $$ begin perform pg_sleep(5); return new; end $$;
    create trigger slow before insert on tenant_a.slow for each row execute function public.take_time();
  `)
}

/** Nothing that they wrote was kept. */
export async function expectNothingKept(admin: Client): Promise<void> {
  expect((await admin.query('select count(*)::int as n from tenant_a.items where id >= 100')).rows).toEqual([{ n: 0 }])
  expect((await admin.query('select note from tenant_a.items where id = 1')).rows).toEqual([{ note: 'note 1' }])
}

const owner = 'select owner from items where id = 1'
/** More rows than any buffer holds; and rows that come slowly. */
const many = 'select owner, n from items, generate_series(1, 20000) as n'
const scarce = 'select owner, pg_sleep(0.02)::text from items, generate_series(1, 1000) as n'

/** By name; the client is one of tenant_a, and nothing of what they write may be kept. */
export const states: Record<string, (ending: Ending) => Promise<unknown>> = {
  'bound, between two statements': async ({ client, kill, isBoundToSession }) => {
    await client.query(owner)
    await kill()
    if (!isBoundToSession) return expect((await afterLosses(() => client.query(owner))).rows).toEqual([{ owner: 'tenant_a' }])
    await loses(client.query(owner))
    await loses(client.query('begin'))
  },
  'in the middle of a statement': async ({ client, kill }) => {
    const running = loses(client.query('select pg_sleep(20)'))
    await sleep(30)
    await Promise.all([kill(), running])
  },
  'in the middle of several statements': async ({ client, kill }) => {
    const running = loses(client.query('select 1; select pg_sleep(20); select 2'))
    await sleep(30)
    await Promise.all([kill(), running])
  },
  'with statements queued behind it': async ({ client, kill }) => {
    const all = ['select pg_sleep(20)', owner, 'begin', owner].map((text) => loses(client.query(text)))
    await sleep(30)
    await Promise.all([kill(), ...all])
  },
  'in a transaction': async ({ client, kill }) => {
    await client.query('begin')
    await client.query(`update items set note = 'lost' where id = 1`)
    await kill()
    await loses(client.query(owner))
    await loses(client.query('commit'))
  },
  'in a failed transaction': async ({ client, kill }) => {
    await client.query('begin')
    await client.query('select 1 / 0').catch(() => {})
    await kill()
    await loses(client.query('rollback'))
  },
  'in a savepoint, by a named statement': async ({ client, kill }) => {
    await client.query('begin')
    await client.query('savepoint s')
    await client.query({ name: 'owner', text: owner })
    await kill()
    await loses(client.query({ name: 'owner', text: owner }))
    await loses(client.query('rollback to savepoint s'))
  },

  'streaming: a cursor between two reads': async ({ client, kill }) => {
    const cursor = client.query(new Cursor(many))
    expectOwn(await cursor.read(10))
    await kill()
    await loses(cursor.read(10))
    await within(5000, cursor.close())
  },
  'streaming: a cursor in the middle of a read': async ({ client, kill }) => {
    const cursor = client.query(new Cursor(scarce))
    const reading = loses(cursor.read(500))
    await sleep(50)
    await Promise.all([kill(), reading])
    await within(5000, cursor.close())
  },
  'streaming: a cursor that is closed long after': async ({ client, kill }) => {
    const cursor = client.query(new Cursor(many))
    await cursor.read(10)
    await kill()
    await sleep(100)
    await within(5000, cursor.close())
    await within(5000, cursor.close())
  },
  'streaming: a stream whose reader waits for the next row': async ({ client, kill }) => {
    const stream = client.query(new QueryStream(scarce, [], { batchSize: 2 }))
    const reading = loses(readAll(stream))
    await once(stream, 'data')
    await Promise.all([kill(), reading])
    expect(stream.destroyed).toBe(true)
  },
  'streaming: a stream whose reader is slow': async ({ client, kill }) => {
    const stream = client.query(new QueryStream(many, [], { batchSize: 5 }))
    const iterator = stream[Symbol.asyncIterator]()
    expectOwn([(await iterator.next()).value])
    await kill()
    await sleep(50)
    await loses(readAll({ [Symbol.asyncIterator]: () => iterator }))
    expect(stream.destroyed).toBe(true)
  },
  'streaming: a stream into a pipeline': async ({ client, kill }) => {
    const stream = client.query(new QueryStream(many))
    const flowing = loses(pipeline(stream, drain()))
    await sleep(20)
    await Promise.all([kill(), flowing])
  },
  'streaming: a stream that its reader gives up': async ({ client, kill }) => {
    const stream = client.query(new QueryStream(many, [], { batchSize: 5 }))
    // The loss may be noticed before that or after.
    stream.on('error', () => {})
    for await (const row of stream.iterator({ destroyOnReturn: false })) {
      expectOwn([row])
      break
    }
    await kill()
    await sleep(50)
    await within(5000, gone(stream))
  },

  'streaming: COPY TO whose reader waits for the next row': async ({ client, kill }) => {
    const stream = client.query(copyTo(`copy (${scarce.replace('owner,', `rpad(owner, 9000),`)}) to stdout`))
    const reading = loses(readText(stream))
    await once(stream, 'data')
    await Promise.all([kill(), reading])
    expect(stream.destroyed).toBe(true)
  },
  'streaming: COPY TO whose reader is slow': async ({ client, kill }) => {
    const stream = client.query(copyTo(`copy (${many.replace('owner,', `rpad(owner, 1000),`)}) to stdout`))
    const iterator = stream[Symbol.asyncIterator]()
    expect(String((await iterator.next()).value)).toContain('tenant_a')
    await kill()
    await sleep(50)
    await loses(readText({ [Symbol.asyncIterator]: () => iterator }))
    expect(stream.destroyed).toBe(true)
  },
  'streaming: COPY TO that its reader gives up': async ({ client, kill }) => {
    const stream = client.query(copyTo(`copy (${many.replace('owner,', `rpad(owner, 1000),`)}) to stdout`))
    stream.on('error', () => {})
    await once(stream, 'readable')
    await kill()
    await within(5000, gone(stream))
    await sleep(50)
  },
  'streaming: COPY TO that is destroyed before the end': async ({ client, kill }) => {
    const stream = client.query(copyTo(`copy (${scarce.replace('owner,', `rpad(owner, 9000),`)}) to stdout`))
    await once(stream, 'data')
    // The remaining rows are dropped. Its end must not be an error event, which has no listener and would end the process.
    await within(5000, gone(stream))
    await kill()
    await sleep(50)
  },
  'streaming: COPY FROM whose writer does not listen at once': async ({ client, kill }) => {
    const stream = client.query(copyFrom('copy items from stdin'))
    const told = loses(new Promise((_, reject) => stream.once('error', reject)))
    stream.write('100\tx\ty\n')
    await sleep(30)
    await kill()
    await told
    stream.on('error', () => {})
    for (let n = 101; n < 110; n++) {
      stream.write(`${n}\tx\ty\n`)
      await sleep(1)
    }
    stream.end()
    await within(5000, gone(stream))
  },
  'streaming: COPY FROM between two rows': async ({ client, kill }) => {
    const rows = async function* (): AsyncIterable<string> {
      yield '100\tx\ty\n'
      await sleep(30)
      await kill()
      for (let n = 101; n < 200; n++) {
        await sleep(1)
        yield `${n}\tx\ty\n`
      }
    }
    await loses(pipeline(Readable.from(rows()), client.query(copyFrom('copy items from stdin'))))
  },
  'streaming: COPY FROM with its last row written': async ({ client, kill }) => {
    const stream = client.query(copyFrom('copy slow from stdin'))
    const flowing = loses(pipeline(Readable.from(['1\n']), stream))
    await sleep(50)
    await Promise.all([kill(), flowing])
    expect(stream.destroyed).toBe(true)
  },
  'streaming: COPY FROM whose source fails as well': async ({ client, kill }) => {
    const rows = async function* (): AsyncIterable<string> {
      yield '100\tx\ty\n'
      await sleep(30)
      await kill()
      throw Object.assign(new Error('the disk is gone, too'), { code: '57P01' })
    }
    await loses(pipeline(Readable.from(rows()), client.query(copyFrom('copy items from stdin'))))
  },
  'streaming: COPY FROM that its writer gives up': async ({ client, kill }) => {
    const stream = client.query(copyFrom('copy items from stdin'))
    stream.on('error', () => {})
    stream.write('100\tx\ty\n')
    await sleep(30)
    await kill()
    await within(5000, gone(stream))
  },
}

function expectOwn(rows: readonly { owner: string }[]): void {
  expect(rows.length).toBeGreaterThan(0)
  expect(new Set(rows.map((row) => row.owner))).toEqual(new Set(['tenant_a']))
}

export async function readAll<T extends { owner: string }>(stream: AsyncIterable<T>): Promise<T[]> {
  const rows: T[] = []
  for await (const row of stream) rows.push(row)
  return rows
}

export async function readText(stream: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

/** A slow reader. */
function drain(): Writable {
  return new Writable({ objectMode: true, write: (_row, _encoding, done) => void setTimeout(done, 1) })
}

async function gone(stream: Readable | Writable): Promise<void> {
  stream.destroy()
  if (!stream.closed) await once(stream, 'close')
}
