/**
 * How long a change of a tenant in one process takes to be seen in another one, which resolves the tenant all the time; and what a lookup costs
 * that asks no database.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createTenancy } from 'partywall'
import { clock, startElsewhere } from '../lookups/elsewhere.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { median, quantile, rounded } from '../measuring/statistics.ts'
import { createFleet, schemaOf } from '../queries/fleet.ts'

const changes = 200
const lookups = 200_000
const schema = schemaOf(0)

export async function lookupsOfTenants(url: string): Promise<Outcome> {
  await createFleet(url, 100)
  const tenancy = createTenancy({ database: url })
  const watching = new Promise((resolve) => tenancy.on('lookups.watching', resolve))
  const elsewhere = startElsewhere(url)
  try {
    await elsewhere.set(schema, 'activate')
    await tenancy.tenants.get(schema)
    await watching
    const delays: number[] = []
    for (let change = 0; change < changes; change++) {
      const status = change % 2 === 0 ? 'suspended' : 'active'
      const committed = elsewhere.set(schema, status === 'suspended' ? 'suspend' : 'activate')
      while ((await tenancy.tenants.get(schema)).status !== status) await sleep(1)
      const seen = clock()
      delays.push(Math.max(0, seen - (await committed)))
      await sleep(5)
    }
    const begin = performance.now()
    for (let count = 0; count < lookups; count++) await tenancy.tenants.get(schema)
    const lookupMicros = ((performance.now() - begin) / lookups) * 1000
    const seenAfterMs = { p50: rounded(median(delays)), p99: rounded(quantile(delays, 0.99)), most: rounded(Math.max(...delays)) }
    return {
      tenants: 100,
      rounds: changes,
      ratios: {},
      spread: {},
      figures: { seenAfterMs, lookupMicros: rounded(lookupMicros) },
    }
  } finally {
    elsewhere.close()
    await tenancy.close()
  }
}
