/**
 * Hostile SQL: texts that run in the scope of the attacker, and what would be a success. After each attack the rows of the sibling are compared with those that
 * it had, so that a write is seen whatever the attack was for.
 */
import type { QueryResult } from 'pg'
import type { AttackIn, Outcome } from './attack.ts'
import { held, notHeld, refusedBy, shows } from './judging.ts'
import type { World } from './world.ts'

export interface Hostile extends Omit<AttackIn, 'run'> {
  /** One text, or several that are sent one after another. */
  readonly sql: (world: World) => string | readonly string[]
  /**
   * What is a success: `reads`: something of the sibling comes back; `writes`: its rows change; `runs`: the last text runs without an error.
   * @default 'reads'
   */
  readonly success?: 'reads' | 'writes' | 'runs'
  /** Inside a transaction that is rolled back: for what must not stay. @default for `runs` */
  readonly isRolledBack?: boolean
  /** SQLSTATEs that also mean that the attack has failed. */
  readonly alsoHeld?: readonly string[]
  /** Makes what the attack needs. An outcome says why it cannot be tried here. */
  readonly prepare?: (world: World) => Promise<Outcome | undefined>
}

export function hostile({
  sql,
  success = 'reads',
  isRolledBack = success === 'runs',
  alsoHeld,
  prepare,
  ...attack
}: Hostile): AttackIn {
  return {
    ...attack,
    async run(world) {
      const impossible = await prepare?.(world)
      if (impossible !== undefined) return impossible
      const texts = [sql(world)].flat()
      const before = await rowsOf(world)
      const { results, error } = await world.run(world.mine, () =>
        isRolledBack ? inTransaction(world, texts) : oneByOne(world, texts),
      )
      if (shows(results, world.sibling) || (error !== undefined && shows(error, world.sibling)))
        return notHeld('it read what belongs to the other tenant')
      if ((await rowsOf(world)) !== before) {
        await restoreRows(world)
        return notHeld('it changed rows of the other tenant')
      }
      if (error !== undefined) return refusedBy(error, alsoHeld)
      if (success === 'runs') return notHeld('it was carried out')
      return held(success === 'writes' ? 'it changed no row of the other tenant' : 'it found only what is its own')
    },
  }
}

interface Answers {
  readonly results: unknown[]
  readonly error?: unknown
}

/** Each text as a query of its own. */
async function oneByOne({ one: pool }: World, texts: readonly string[]): Promise<Answers> {
  return send((text) => pool.query(text), texts)
}

async function inTransaction({ one: pool }: World, texts: readonly string[]): Promise<Answers> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    return await send((text) => client.query(text), texts)
  } finally {
    await client.query('rollback').catch(() => {})
    client.release()
  }
}

async function send(query: (text: string) => PromiseLike<unknown>, texts: readonly string[]): Promise<Answers> {
  const results: unknown[] = []
  try {
    for (const text of texts) {
      const answers = [await query(text)].flat() as QueryResult[]
      results.push(...answers.map(({ rows }) => rows))
    }
    return { results }
  } catch (error) {
    return { results, error }
  }
}

async function rowsOf({ owner, sibling }: World): Promise<string> {
  const { rows } = await owner.query<{ rows: string }>({
    text: `select coalesce(string_agg(note::text, '|' order by note.id), '') as rows from ${sibling.sql}.notes as note`,
  })
  return rows[0]!.rows
}

async function restoreRows({ owner, sibling }: World): Promise<void> {
  await owner.query({ text: `delete from ${sibling.sql}.notes` })
  await owner.query({
    text: `insert into ${sibling.sql}.notes (id, secret) select n, '${sibling.secret}' from generate_series(1, 3) as n`,
  })
}
