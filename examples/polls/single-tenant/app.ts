import express from 'express'
import type { Pool } from 'pg'
import { pollsRouter } from './polls.ts'
import { nothingHere, problems } from './problem.ts'

export function createApp(pool: Pool): express.Express {
  const app = express()
  app.use(express.json())
  app.use('/polls', pollsRouter(pool))
  app.use(nothingHere)
  app.use(problems)
  return app
}
