import { expect, onTestFinished, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { startPgBouncer, type PoolMode } from '../support/servers/pgbouncer.ts'

const { directUrl } = await testDatabase()

async function routeSeen(mode: PoolMode): Promise<readonly string[]> {
  const pooler = await startPgBouncer(directUrl, mode)
  onTestFinished(() => pooler.stop())
  const tenancy = createTenancy({
    database: { connectionString: pooler.through(directUrl), deploy: directUrl },
    migrations: { shared: false, tenant: false },
  })
  onTestFinished(() => tenancy.close())
  await tenancy.ready()
  const { findings, examinations } = await tenancy.doctor()
  expect(examinations.filter(({ state }) => state === 'failed')).toEqual([])
  return findings.filter(({ id }) => id === 'PW-102').map(({ severity, seen }) => `${severity}: ${seen}`)
}

test('tenancy.doctor names the pooler and its mode, and what does not work through it', async () => {
  expect(await routeSeen('transaction')).toEqual([
    expect.stringMatching(/^info: PgBouncer [\d.]+ is between .* in transaction mode: tenancy.session/),
  ])
  expect(await routeSeen('session')).toEqual([expect.stringMatching(/^info: PgBouncer .* in session mode/)])
})
