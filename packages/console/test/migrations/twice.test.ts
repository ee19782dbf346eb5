/** Two browsers that begin a run at the same moment. */
import { expect, test } from 'vitest'
import { migrationsRoutes } from '../../src/migrations/routes.ts'
import { asked, until } from '../room.ts'
import { fleetOf } from './fleet.ts'

const fleet = await fleetOf(['acme', 'bolt'])
const ann = asked(migrationsRoutes, { tenancy: fleet.tenancy }, 'ann')

test('of requests at the same moment one begins a run, and the others name it', async () => {
  await fleet.file('tenant/0002_more.sql', 'alter table polls add more integer; select pg_sleep(0.5);')
  const answers = await Promise.all(Array.from({ length: 5 }, () => ann.post('/runs')))
  const begun = answers.filter(({ status }) => status === 202)
  expect(begun.length).toBe(1)
  const { id } = begun[0]!.body
  for (const { status, body } of answers)
    if (status !== 202) expect(body).toMatchObject({ code: 'MIGRATIONS_RUNNING', run: { id, by: { actor: 'ann' } } })
  await until(async () => (await ann.get(`/runs/${id}`)).body.state === 'done', 'done')
  expect(await fleet.tenancy.migrations.runs({ limit: 10 })).toMatchObject([{ id }, {}])
})
