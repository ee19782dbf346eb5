/** Counts statements of one tenant, and stores them often, until it is killed. */
import { createTenancy } from '../../src/index.ts'

const tenancy = createTenancy({
  database: process.argv[2]!,
  migrations: { shared: false, tenant: false },
  usage: { flushMs: 100 },
})
for (;;) {
  await tenancy.run('acme', () => tenancy.pool.query('select 1'))
  process.stdout.write('counted\n')
  await new Promise((resolve) => setTimeout(resolve, 20))
}
