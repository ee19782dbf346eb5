/** Random histories give the same in a new tenant, in a fleet run, and by psql. `npm run test:histories` tries more of them. */
import { expect, test } from 'vitest'
import { differences } from '../../support/migrations/compare-histories.ts'
import { fleetOf } from '../run/fleet.ts'

test('random histories give the structure that psql gives', async () => {
  const { create, migrations, admin, root } = await fleetOf(0)
  for (let seed = 0; seed < 30; seed++) {
    expect(await differences({ registry: { create, migrations }, admin, root }, seed)).toEqual([])
  }
}, 120_000)
