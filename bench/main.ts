/** npm run bench -- <scenario> [--json]: runs one scenario and prints one JSON document; progress goes to stderr. */
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import type { Outcome } from './measuring/outcome.ts'
import { benchServer } from './measuring/server.ts'
import { cache } from './scenarios/cache.ts'
import { across } from './scenarios/across.ts'
import { consoleTenants } from './scenarios/console.ts'
import { consoleData } from './scenarios/console-data.ts'
import { doctor } from './scenarios/doctor.ts'
import { drift } from './scenarios/drift.ts'
import { files } from './scenarios/files.ts'
import { http } from './scenarios/http.ts'
import { jobShares } from './scenarios/job-shares.ts'
import { jobTurns } from './scenarios/job-turns.ts'
import { jobs } from './scenarios/jobs.ts'
import { lookupsOfTenants } from './scenarios/lookups.ts'
import { memory } from './scenarios/memory.ts'
import { migrate } from './scenarios/migrate.ts'
import { migrateMany } from './scenarios/migrate-many.ts'
import { migrateRtt } from './scenarios/migrate-rtt.ts'
import { noop } from './scenarios/noop.ts'
import { observe } from './scenarios/observe.ts'
import { provision } from './scenarios/provision.ts'
import { provisionRole } from './scenarios/provision-role.ts'
import { query } from './scenarios/query.ts'
import { queryRole } from './scenarios/query-role.ts'
import { queryRtt } from './scenarios/query-rtt.ts'
import { resolve } from './scenarios/resolve.ts'
import { review } from './scenarios/review.ts'
import { testTenant } from './scenarios/test-tenant.ts'

const scenarios: Record<string, (url: string) => Promise<Outcome>> = {
  query,
  'query-role': queryRole,
  'query-rtt': queryRtt,
  memory,
  http,
  'job-shares': jobShares,
  'job-turns': jobTurns,
  jobs,
  lookups: lookupsOfTenants,
  resolve,
  migrate,
  'migrate-rtt': migrateRtt,
  'migrate-many': migrateMany,
  noop,
  observe,
  review,
  across,
  doctor,
  drift,
  files,
  provision,
  'provision-role': provisionRole,
  'test-tenant': testTenant,
  'console-data': consoleData,
  cache,
  console: consoleTenants,
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false } } })
const [name = ''] = positionals
const scenario = scenarios[name]
if (scenario === undefined || positionals.length > 1) {
  console.error(`Usage: npm run bench -- <scenario> [--json]\nScenarios: ${Object.keys(scenarios).join(', ')}`)
  process.exit(2)
}

const server = await benchServer()
try {
  const { tenants, rounds, ratios, spread, figures } = await scenario(server.url)
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${server.version}, Node.js ${process.version}`
  const document = { scenario: name, tenants, rounds, ratios, spread, figures: { ...figures, machine } }
  console.log(values.json ? JSON.stringify(document) : JSON.stringify(document, null, 2))
} finally {
  await server.release()
}
