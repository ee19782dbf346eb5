/** The server restarts in the middle of work on many tenants. */
import { createTenancy, sql } from 'partywall'
import { expect, onTestFinished, test } from 'vitest'
import { ownServer } from '../support/servers/own-server.ts'
import { source } from './fleet.ts'

const server = await ownServer()
const schemas = Array.from({ length: 12 }, (_, number) => `t${String(number).padStart(2, '0')}`)

test('what was done before is not done again, what was not is done, and a reading goes on by itself', async () => {
  const tenancy = createTenancy({
    database: server.url,
    migrations: { shared: false, tenant: source('runs', 'create table runs (n int)') },
  })
  onTestFinished(() => tenancy.close())
  for (const schema of schemas) await tenancy.tenants.create({ schema })

  let turns = 0
  const first = await tenancy
    .forEach(
      async () => {
        if ((turns += 1) === 6) await server.stop('immediate')
        await tenancy.pool.query('insert into runs values ($1)', [turns])
      },
      { resume: { key: 'restart', leaseMs: 1000 }, concurrency: 2, maxFailures: 1 },
    )
    .catch(() => undefined)
  await server.start()
  const second = await tenancy.forEach(() => tenancy.pool.query('insert into runs values (99)'), {
    resume: { key: 'restart', leaseMs: 1000 },
  })
  expect(second.ok).toBe(true)
  const doneAtFirst = new Set(first?.entries.filter(({ state }) => state === 'done').map(({ target }) => target))
  expect(second.entries.filter(({ isEarlier }) => isEarlier).map(({ target }) => target)).toEqual(
    expect.arrayContaining([...doneAtFirst]),
  )
  const { rows } = await tenancy.across<{ n: number }>(sql`select count(*)::int as n from runs`).all()
  expect(rows.length).toBe(schemas.length)
  for (const { tenant, row } of rows) {
    if (doneAtFirst.has(tenant.schema)) expect(row.n).toBe(1)
    expect(row.n).toBeGreaterThan(0)
  }

  const seen: string[] = []
  for await (const { tenant } of tenancy.across(sql`select 1 as one`, { batch: 2, concurrency: 1 })) {
    seen.push(tenant.schema)
    if (seen.length !== 3) continue
    await server.stop('fast')
    void server.start()
  }
  expect(seen.toSorted()).toEqual(schemas)
})
