/** The notes of a workspace. Plain SQL on a pool, as for a single customer. */
import { Router } from 'express'
import type { Pool } from 'pg'

export function notesRouter(pool: Pool): Router {
  const router = Router()

  router.get('/', async (_req, res) => {
    const { rows } = await pool.query('select id, text from notes order by id')
    res.json(rows)
  })

  router.post('/', async (req, res) => {
    const { text } = req.body as { text: string }
    const { rows } = await pool.query('insert into notes (text) values ($1) returning id, text', [text])
    res.status(201).json(rows[0])
  })

  return router
}
