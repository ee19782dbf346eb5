import { it } from 'vitest'
import { hasPgBouncer, withoutPgBouncer } from '../support/servers/pgbouncer.ts'

// What stands in place of the whole second run, where it cannot be (vitest.config.ts). In CI the run fails instead.
it.runIf(hasPgBouncer())(`all that queries for tenants, once more through a pooler (${withoutPgBouncer})`, () => {})
