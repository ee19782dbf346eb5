/** What an attack makes of an error that is no refusal. No server is needed for that: every statement of the application fails alike. */
import type { Pool } from 'pg'
import { expect, test } from 'vitest'
import { attacks } from './attacks.ts'
import type { Outcome } from './groups/attack.ts'
import type { ThrowAway, World } from './groups/world.ts'

const errors = {
  'a syntax error': Object.assign(new Error('syntax error'), { code: '42601', severity: 'ERROR' }),
  'a function that is missing': Object.assign(new Error('no function'), { code: '42883', severity: 'ERROR' }),
  'a value that is refused': Object.assign(new Error('invalid value'), { code: '22023', severity: 'ERROR' }),
  'a lost connection': Object.assign(new Error('connection lost'), { code: 'ECONNRESET' }),
}

/** These compare names and send nothing. */
const sendsNothing = (id: string): boolean => id.startsWith('names/')

/** A temporary function that is missing is what the attack looks for. */
const knows: Readonly<Record<string, readonly string[]>> = { 'a function that is missing': ['temporary-tables/function'] }

test.each(Object.entries(errors))('no attack takes %s for a sign that it was held', async (what, error) => {
  const outcomes = await Promise.all(attacks.map(async (attack) => [attack.id, await outcomeOf(attack, error)] as const))
  const held = outcomes.filter(([id, { state }]) => state === 'held' && !sendsNothing(id)).map(([id]) => id)
  expect(held.filter((id) => knows[what]?.includes(id) !== true)).toEqual([])
})

async function outcomeOf(attack: (typeof attacks)[number], error: Error): Promise<Outcome> {
  const late = new Promise<Outcome>((resolve) => setTimeout(() => resolve(nothingShown), 50))
  return Promise.race([attack.run(failingWorld(error)).catch(() => nothingShown), late])
}

const nothingShown: Outcome = { state: 'not tried', reason: 'it failed, or had not ended' }

/** The owner's statements succeed; those of the application fail. */
function failingWorld(error: Error): World {
  const client = {
    async query(_: string, done?: (error: Error) => void): Promise<void> {
      if (done === undefined) throw error
      done(error)
    },
    release: () => {},
    on: () => {},
  }
  const pool = {
    query: client.query,
    async connect(done?: (error: undefined, connected: unknown) => void): Promise<unknown> {
      done?.(undefined, client)
      return client
    },
  } as unknown as Pool
  return {
    mine: tenantCalled('mine'),
    sibling: tenantCalled('sibling'),
    other: tenantCalled('other'),
    spareSchema: '"spare"',
    shared: { table: '"t_table"', view: '"t_view"', routine: '"t_routine"', spareTable: '"t_spare"' },
    one: pool,
    two: pool,
    isDirect: true,
    owner: { query: async () => ({ rows: [{ rows: '', called: 'false' }] }) } as unknown as World['owner'],
    ownerRole: '"owner"',
    run: async (_, fn): Promise<any> => await fn(),
    runShared: async (fn): Promise<any> => await fn(),
    session: async (_, fn) => fn(client as never),
    runOutside: (fn) => fn(),
    bind: (fn) => fn,
    mayBeSchema: () => false,
  }
}

function tenantCalled(name: string): ThrowAway {
  return {
    tenant: {} as ThrowAway['tenant'],
    schema: name,
    sql: `"${name}"`,
    secret: `secret of ${name}`,
    number: '4711',
    code: `code of ${name}`,
    role: `role of ${name}`,
  }
}
