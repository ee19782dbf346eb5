import { expect, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { ownRoute } from '../support/servers/route.ts'

const { directUrl } = await testDatabase()
const { url, withServerConnections } = await ownRoute(directUrl)

test('every promise holds through the pooler, and attacks that would leave something on its sessions are not run', async () => {
  const report = await withServerConnections(3, async () => {
    await using tenancy = createTenancy({ database: url })
    return await tenancy.attack()
  })
  expect(report.ok).toBe(true)
  const untried = report.attacks.filter(({ promised, state }) => promised && state === 'not tried')
  expect(untried.map(({ id, reason }) => [id, reason])).toEqual([])
  const notRun = report.attacks.filter(({ state, group }) => state === 'not run' && group !== 'resources')
  expect(notRun.map(({ id }) => id)).toContain('left-behind/hidden-lock')
  expect(report.attacks.filter(({ id }) => id === 'sessions/left')).toMatchObject([
    { state: 'held', by: 'partywall: UNSAFE_STATEMENT' },
  ])
})
