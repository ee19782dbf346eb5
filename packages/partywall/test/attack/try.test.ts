import { test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
test('all', async () => {
  const { url, directUrl } = await testDatabase()
  const { app, deploy } = await leastPrivilege(directUrl, url)
  const tenancy = createTenancy({
    database: { connectionString: app, deploy },
    boundary: 'role',
    strict: process.env['STRICT'] === '1',
  })
  const report = await tenancy.attack()
  for (const a of report.attacks) {
    const odd = a.state === 'not tried' || (a.promised && a.state !== 'held') || (!a.promised && a.state === 'held')
    console.log(`${odd ? '!! ' : '   '}${a.id}: ${a.state} ${a.promised ? 'promised' : ''} ${a.by ?? a.seen ?? a.reason}`)
  }
  console.log(report.ok, report.durationMs, report.attacks.length)
  await tenancy.close()
}, 120000)
