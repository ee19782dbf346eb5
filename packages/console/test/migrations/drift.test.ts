/** Drift: found in the background for all who look, and repaired only by an owner who has seen the plan. */
import { beforeAll, expect, test } from 'vitest'
import { migrationsRoutes } from '../../src/migrations/routes.ts'
import { asked, until } from '../room.ts'
import { fleetOf, type Fleet } from './fleet.ts'

let fleet: Fleet
let room: ReturnType<typeof asked>
beforeAll(async () => {
  fleet = await fleetOf(['acme', 'globex', 'initech'])
  room = asked(migrationsRoutes, { tenancy: fleet.tenancy }, 'ann')
  await fleet.admin.query('alter table globex.polls drop column title; create table initech.extra (id integer)')
})

const examined = async () => {
  expect((await room.post('/drift', {}, 'operator')).status).toBe(202)
  return until(async () => {
    const { body } = await room.get('/drift')
    return body.state !== 'running' && body
  })
}

test('each tenant that drifted has its differences and the DDL that repairs it', async () => {
  expect((await room.get('/drift')).body).toEqual({ state: 'none' })
  expect((await room.post('/drift', {}, 'viewer')).status).toBe(403)
  expect((await room.post('/drift', { fix: true })).status).toBe(400)
  const answer = await examined()
  expect(answer).toMatchObject({ state: 'done', by: 'ann', counts: { asExpected: 1, drifted: 2, unknown: 0 }, left: 0 })
  const [globex, initech] = answer.tenants
  expect(globex).toMatchObject({ schema: 'globex', comparedWith: 'files', mayFix: true })
  expect(globex.repairs[0].statement).toContain('add column "title"')
  expect(initech).toMatchObject({ schema: 'initech', mayFix: false })
})

test('only an owner repairs, only by a plan that is still the same, and only what loses nothing', async () => {
  const before = await examined()
  const globex = before.tenants.find(({ schema }: any) => schema === 'globex')
  const fix = { tenant: 'globex', plan: globex.plan }
  expect((await room.post('/drift/fix', fix, 'operator')).status).toBe(403)
  // A plan of another tenant is no plan of this one.
  expect((await room.post('/drift/fix', { ...fix, tenant: 'initech' })).body.code).toBe('PLAN_CHANGED')
  await fleet.admin.query('drop table globex.polls cascade')
  expect((await room.post('/drift/fix', fix)).body.code).toBe('PLAN_CHANGED')
  const again = (await examined()).tenants.find(({ schema }: any) => schema === 'globex')
  const { status, body } = await room.post('/drift/fix', { tenant: 'globex', plan: again.plan })
  expect(status).toBe(200)
  expect(body.done.length).toBeGreaterThan(0)
  expect(body.entry.state).toBe('as expected')
  expect((await room.get('/drift')).body).toMatchObject({
    counts: { asExpected: 2, drifted: 1 },
    tenants: [{ schema: 'initech' }],
  })
  expect((await fleet.admin.query('select * from initech.extra')).rows).toEqual([])
})
