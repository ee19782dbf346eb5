import { Client } from 'pg'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { tenantRole } from '../../src/names/role-name.ts'
import { inSession } from '../../src/database/pool/session.ts'
import { isByRole } from '../support/servers/boundary.ts'
import { isPooled, unlessPooled } from '../support/servers/route.ts'
import { letChange } from '../support/tenants/adopt.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const { a, b, scope, bindings, url, makePool, admin } = await twoTenants()

type Look = (asked: Pick<ReturnType<typeof makePool>, 'query'>) => Promise<unknown>
const ask =
  (text: string): Look =>
  async (pool) =>
    (await pool.query(text).catch((error: { code: string }) => ({ rows: error.code }))).rows

/** What A leaves on the session, how B looks for it, and what B must find. The statement does not show what a function does. */
const leftovers: Record<string, { leave: string; look: Look; clean: unknown; isHidden?: boolean }> = {
  'a temporary table': {
    leave: 'create temp table left_behind as select owner from items',
    look: ask('select * from left_behind'),
    clean: '42P01',
  },
  'a temporary table with the name of a table of B': {
    leave: `create temporary table items (id int, owner text, note text); insert into pg_temp.items values (1, 'temporary')`,
    look: ask('select owner from items where id = 1'),
    clean: [{ owner: 'tenant_b' }],
  },
  'a temporary table made by select into': {
    leave: 'select owner into temp left_behind from items',
    look: ask('select * from left_behind'),
    clean: '42P01',
  },
  'a temporary table made by a function': {
    leave: 'select public.make_temporary()',
    look: ask('select * from left_behind'),
    clean: '42P01',
    isHidden: true,
  },
  'a setting': {
    leave: `set work_mem to '7MB'`,
    look: ask('show work_mem'),
    clean: [{ work_mem: expect.not.stringContaining('7MB') }],
  },
  'a setting made by set_config': {
    leave: `select set_config('app.user', 'ada', false)`,
    look: ask(`select current_setting('app.user', true) as user`),
    clean: expect.not.arrayContaining([{ user: 'ada' }]),
  },
  'a setting made by an EXPLAIN ANALYZE of an UPDATE': {
    leave: `explain analyze update pg_settings set setting = '7168' where name = 'work_mem'`,
    look: ask('show work_mem'),
    clean: [{ work_mem: expect.not.stringContaining('7MB') }],
  },
  'a temporary table made by an EXPLAIN ANALYZE': {
    leave: 'explain analyze create temp table left_behind as select owner from items',
    look: ask('select * from left_behind'),
    clean: '42P01',
  },
  'a search path of its own': {
    leave: 'set search_path to tenant_a, public',
    look: ask('select owner from items where id = 1'),
    clean: [{ owner: 'tenant_b' }],
  },
  'a role': {
    leave: `set role ${isByRole ? tenantRole(a.id) : 'pg_monitor'}`,
    look: ask('select current_user as role'),
    clean: [{ role: isByRole ? tenantRole(b.id) : expect.not.stringContaining('monitor') }],
  },
  'a LISTEN': { leave: 'listen gossip', look: ask('select count(*)::int as n from pg_listening_channels()'), clean: [{ n: 0 }] },
  'a prepared statement': {
    leave: 'prepare mine as select owner from items',
    look: ask('execute mine'),
    clean: '26000',
  },
  'an advisory lock': {
    leave: 'select pg_advisory_lock(4711)',
    look: ask(`select count(*)::int as n from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`),
    clean: [{ n: 0 }],
  },
  'a cursor that outlives its transaction': {
    leave: 'declare mine cursor with hold for select owner from items',
    look: ask('fetch 1 from mine'),
    clean: '34000',
  },
  'a table made in a DO block': {
    leave: 'do $$ begin create temp table left_behind (x int); end $$',
    look: ask('select * from left_behind'),
    clean: '42P01',
  },
}

await admin.query(`
  create function public.make_temporary() returns void language plpgsql as $$
  begin execute 'create temp table left_behind (x int)'; end $$;
`)

describe.each(Object.entries(leftovers))('%s that A leaves', (_, { leave, look, clean, isHidden = false }) => {
  const orIsRefused = isHidden ? (attempt: Promise<unknown>) => attempt : unlessPooled

  test('is not found by B through pool.query', async () => {
    const pool = makePool({ max: 1 })
    await orIsRefused(scope.run(a, () => pool.query(leave)))
    expect(await scope.run(b, () => look(pool))).toEqual(clean)
  })

  test('is not found by B after a transaction on a checked-out client', async () => {
    const pool = makePool({ max: 1 })
    await scope.run(a, async () => {
      const client = await pool.connect()
      await client.query('begin')
      await orIsRefused(client.query(leave))
      await client.query('commit')
      client.release()
    })
    expect(await scope.run(b, () => look(pool))).toEqual(clean)
  })

  // Behind the pooler even by another client, whose statements reach the same session.
  test('bites: it is found on a plain connection', async () => {
    const [leaver, looker] = [await plainClient(), await plainClient()]
    await leaver.query('discard all')
    await leaver.query('set search_path to tenant_b, public')
    await leaver.query(
      leave
        .replaceAll('items', 'tenant_a.items')
        .replace('table tenant_a.items', 'table items')
        .replace('pg_temp.tenant_a.', 'pg_temp.'),
    )
    const found = await look(isPooled ? looker : leaver)
    await leaver.query('discard all')
    if (leave.includes('search_path')) expect(found).toEqual([{ owner: 'tenant_a' }])
    else expect(found).not.toEqual(clean)
  })
})

async function plainClient(): Promise<Client> {
  const client = new Client(url)
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

test('a temporary table that a function left is hidden from a transaction of B', async () => {
  const pool = makePool({ max: 1 })
  await scope.run(a, () => pool.query('select public.make_temporary()'))
  await scope.run(b, async () => {
    const client = await pool.connect()
    await client.query('begin')
    await client.query('savepoint s')
    await expect(client.query('select * from left_behind')).rejects.toMatchObject({ code: '42P01' })
    await client.query('rollback to savepoint s')
    await expect(client.query('select * from left_behind')).rejects.toMatchObject({ code: '42P01' })
    await client.query('rollback')
    await expect(client.query('select * from left_behind')).rejects.toMatchObject({ code: '42P01' })
    client.release()
  })
})

describe('a temporary table that a function left is hidden from every statement of B', () => {
  const look = 'select * from left_behind'

  test.each(['select 1', 'select 1 / 0', 'select 1; select 1 / 0', look])('when B does not await %s before it', async (first) => {
    const pool = makePool({ max: 1 })
    for (let round = 0; round < 3; round++) {
      await scope.run(a, () => pool.query('select public.make_temporary()'))
      await scope.run(b, async () => {
        const client = await pool.connect()
        const answers = await Promise.allSettled([client.query(first), client.query(look), client.query(`select 1; ${look}`)])
        for (const answer of answers.slice(1)) {
          expect(answer).toMatchObject({
            status: 'rejected',
            reason: { code: expect.stringMatching(/42P01|UNSAFE_STATEMENT/) },
          })
        }
        client.release()
      })
    }
  })

  test('when the statement that emptied the temporary schema fails after its query_timeout', async () => {
    const pool = makePool({ max: 1 })
    // The second round empties the temporary schema in front of the statement without looking: its failure brings the table back.
    for (let round = 0; round < 2; round++) {
      await scope.run(a, () => pool.query('select public.make_temporary()'))
      await scope.run(b, async () => {
        const client = await pool.connect()
        if (round === 0) await client.query('select 1')
        else {
          const late = { text: `select 1 / pg_catalog.length(pg_catalog.pg_sleep(0.1)::text)`, query_timeout: 20 }
          await expect(client.query(late as { text: string })).rejects.toThrow('timeout')
        }
        await expect(client.query(look)).rejects.toMatchObject({ code: '42P01' })
        client.release()
      })
    }
  })
})

test('a temporary table never hides a table of the tenant', async () => {
  const pool = makePool({ max: 1 })
  await admin.query(`create function public.shadow_items() returns setof text language plpgsql as $$
    begin create temp table items (id int, owner text); insert into pg_temp.items values (1, 'temporary');
    return query select owner from pg_temp.items; end $$`)
  await scope.run(a, async () => {
    const client = await pool.connect()
    await client.query('begin')
    expect((await client.query('select * from public.shadow_items() as owner')).rows).toEqual([{ owner: 'temporary' }])
    expect((await client.query('select owner from items where id = 1')).rows).toEqual([{ owner: a.schema }])
    await client.query('commit')
    await unlessPooled(client.query('create temp table parents (id int)'))
    expect((await client.query('select count(*)::int as n from parents')).rows).toEqual([{ n: 0 }])
    if (!isPooled) await client.query('insert into pg_temp.parents values (1)')
    expect((await client.query('select count(*)::int as n from parents')).rows).toEqual([{ n: 0 }])
    client.release()
  })
})

test('lastval(), which could return the number of another tenant, is refused', async () => {
  const pool = makePool({ max: 1 })
  await scope.run(a, () => pool.query('insert into children (parent_id) values (null)'))
  await expect(scope.run(b, () => pool.query('select lastval()'))).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
  expect((await scope.run(a, () => pool.query(`select 'lastval()' as text`))).rows).toEqual([{ text: 'lastval()' }])
})

test('a connection is kept after settings that are local to the transaction', async () => {
  const pool = makePool({ max: 1 })
  const pid = async (): Promise<number> => (await scope.run(a, () => pool.query('select pg_backend_pid() as pid'))).rows[0].pid
  const before = await pid()
  await scope.run(a, () => pool.query(`select set_config('app.user', $1, true)`, ['ada']))
  await scope.run(a, () => pool.query(`select 'a temporary note', pg_advisory_xact_lock(1)`))
  expect(await pid()).toBe(before)
})

// A session requires a server session of its own. Behind a pooler it is refused before anything is run.
describe('a session', () => {
  beforeAll(() => letChange(admin, a))

  test('runs statements that cannot be bound in the schema of its tenant', async () => {
    const pool = makePool({ max: 1 })
    const session = scope.run(a, () =>
      inSession(pool, bindings.ofTenant(a), async (client) => {
        await client.query('vacuum items')
        await client.query('create index concurrently on items (note)')
        await client.query(`create procedure twice() language plpgsql as $$
          begin insert into items values (100, 'a'); commit; insert into items values (101, 'a'); end $$`)
        await client.query('call twice()')
      }),
    )
    await unlessPooled(session)
    const { rows } = await admin.query('select count(*)::int as n from tenant_a.items where id >= 100')
    expect(rows).toEqual([{ n: isPooled ? 0 : 2 }])
  })

  test.each([
    'vacuum items',
    'create index concurrently on items (owner)',
    'reindex table concurrently items',
    'alter system reset all',
  ])('is required for: %s', async (text) => {
    const pool = makePool({ max: 1 })
    const attempt = scope.run(a, () => pool.query(text))
    await expect(attempt).rejects.toMatchObject({ code: 'NEEDS_SESSION', message: expect.stringContaining('tenancy.session') })
  })

  test('closes its connection, so nothing is left', async () => {
    const pool = makePool({ max: 1 })
    const session = scope.run(a, () =>
      inSession(pool, bindings.ofTenant(a), (client) => client.query('create temp table left_behind (x int)')),
    )
    await unlessPooled(session)
    expect(pool.totalCount).toBe(0)
    expect((await scope.run(b, () => pool.query('select owner from items where id = 1'))).rows).toEqual([{ owner: b.schema }])
  })

  test('refuses the statement of another scope', async () => {
    const pool = makePool({ max: 1 })
    const session = scope.run(a, () =>
      inSession(pool, bindings.ofTenant(a), async (client) => {
        await expect(scope.run(b, () => client.query('select 1'))).rejects.toMatchObject({ code: 'WRONG_TENANT' })
      }),
    )
    await unlessPooled(session)
  })

  test('closes its connection when its function throws', async () => {
    const pool = makePool({ max: 1 })
    const failed = scope.run(a, () => inSession(pool, bindings.ofTenant(a), () => Promise.reject(new Error('mine'))))
    await expect(failed).rejects.toThrow(isPooled ? 'A session needs a connection of its own' : 'mine')
    expect(pool.totalCount).toBe(0)
  })
})
