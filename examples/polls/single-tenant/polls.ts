/** The polls: questions with choices, and votes. Plain SQL on a pool, as for a single customer. */
import { Router } from 'express'
import type { Pool, PoolClient } from 'pg'
import { z } from 'zod'
import { Problem } from './problem.ts'

/** PostgreSQL does not accept a zero byte in text. */
const text = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\0]*$/, 'must not contain a zero byte')
const newPoll = z.strictObject({
  question: text,
  choices: z
    .array(text)
    .min(2)
    .max(20)
    .refine((choices) => new Set(choices).size === choices.length, 'must all be different'),
})
const newVote = z.strictObject({ choice: z.int().positive() })
const pollId = z.string().regex(/^[1-9][0-9]{0,17}$/)

export function pollsRouter(pool: Pool): Router {
  const router = Router()

  router.get('/', async (_req, res) => {
    const { rows } = await pool.query('select id, question, created_at from questions order by id')
    res.json(rows)
  })

  router.post('/', async (req, res) => {
    const { question, choices } = newPoll.parse(req.body)
    const id = await inTransaction(pool, async (client) => {
      const { rows } = await client.query('insert into questions (question) values ($1) returning id', [question])
      await client.query(
        `insert into choices (question_id, choice)
         select $1, choice from unnest($2::text[]) with ordinality as given (choice, position) order by position`,
        [rows[0].id, choices],
      )
      return rows[0].id as number
    })
    res
      .status(201)
      .location(`${req.baseUrl}/${id}`)
      .json(await readPoll(pool, String(id)))
  })

  router.get('/:id', async (req, res) => {
    res.json(await readPoll(pool, req.params.id))
  })

  router.get('/:id/results', async (req, res) => {
    const poll = await readPoll(pool, req.params.id)
    const { rows } = await pool.query('select id, choice, votes from choices where question_id = $1 order by votes desc, id', [
      poll.id,
    ])
    res.json({ id: poll.id, question: poll.question, votes: rows.reduce((sum, { votes }) => sum + votes, 0), choices: rows })
  })

  router.post('/:id/votes', async (req, res) => {
    const { choice } = newVote.parse(req.body)
    const poll = await readPoll(pool, req.params.id)
    // One statement counts and reads: two votes at the same moment are two votes.
    const { rows } = await pool.query(
      'update choices set votes = votes + 1 where id = $1::bigint and question_id = $2 returning id, choice, votes',
      [choice, poll.id],
    )
    if (rows.length === 0) throw new Problem(400, 'This poll has no such choice.')
    res.status(201).json(rows[0])
  })

  return router
}

interface Poll {
  readonly id: number
  readonly question: string
  readonly created_at: Date
  readonly choices: readonly { id: number; choice: string }[]
}

async function readPoll(pool: Pool, id: string): Promise<Poll> {
  const { rows } = await pool.query<Poll>(
    `select id, question, created_at, (
       select json_agg(json_build_object('id', choices.id, 'choice', choice) order by choices.id)
       from choices
       where question_id = questions.id
     ) as choices
     from questions
     where id = $1::bigint`,
    [pollId.safeParse(id).success ? id : 0],
  )
  if (rows[0] === undefined) throw new Problem(404, 'There is no such poll.')
  return rows[0]
}

async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}
