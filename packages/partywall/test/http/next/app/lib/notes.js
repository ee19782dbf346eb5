import { setTimeout as sleep } from 'node:timers/promises'
import { tenancy } from './tenancy.js'

export async function notes() {
  const { rows } = await tenancy.pool.query('select body from notes order by id')
  return rows.map(({ body }) => body)
}

export async function addNote(body) {
  await tenancy.pool.query('insert into notes (body) values ($1)', [body])
}

/** The tenant at the places to which a scope is easily lost. */
export async function everywhere() {
  const seen = [tenancy.tryCurrent()?.schema]
  await sleep(Math.random() * 5)
  seen.push(tenancy.tryCurrent()?.schema)
  const [{ rows }] = await Promise.all([tenancy.pool.query('select current_schema() as schema'), sleep(1)])
  seen.push(rows[0].schema, tenancy.tryCurrent()?.schema)
  await new Promise((resolve) => setImmediate(() => process.nextTick(resolve)))
  seen.push(...(await notes()))
  return seen
}
