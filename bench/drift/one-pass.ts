/**
 * One pass of `tenancy.drift()` in a process of its own: how long it takes, and how much more memory the process has at its peak than before. Prints JSON.
 * `npm run bench -- drift` starts it with the URL of the database.
 */
import { createTenancy } from '../../packages/partywall/src/index.ts'
import { migrations } from './fleet.ts'

const [url = ''] = process.argv.slice(2)
await using tenancy = createTenancy({
  database: url,
  migrations: { shared: false, tenant: { name: 'bench', list: async () => migrations } },
})
// With its first connection, and what it loads for that.
await tenancy.tenants.list({ limit: 1 })
const before = process.memoryUsage().rss
const started = performance.now()
const { ok, tenants } = await tenancy.drift()
const milliseconds = performance.now() - started
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
const drifted = tenants.filter(({ state }) => state === 'drifted').length
console.log(
  JSON.stringify({
    ok,
    tenants: tenants.length,
    drifted,
    milliseconds,
    mebibytes: (maxRSS * 1024 - before) / 2 ** 20,
    peak: maxRSS / 1024,
    cpu: (userCPUTime + systemCPUTime) / 1000,
  }),
)
