/** The app before it had tenants: one database, one schema. It requires DATABASE_URL; it has no embedded server. */
import { readFile } from 'node:fs/promises'
import { Pool } from 'pg'
import { createApp } from './app.ts'

const pool = new Pool({ connectionString: process.env.DATABASE_URL })
const { rows } = await pool.query(`select to_regclass('questions') is not null as "hasTables"`)
if (!rows[0].hasTables) {
  const schema = await readFile(new URL('../migrations/tenant/0001_polls.sql', import.meta.url), 'utf8')
  await pool.query(schema.split('-- partywall: down')[0]!)
}
const port = Number(process.env.PORT ?? 3000)
createApp(pool).listen(port, () => console.log(`polls: http://localhost:${port}/polls`))
