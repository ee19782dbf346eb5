import { test } from 'vitest'
import { hasPgBouncer, withoutPgBouncer } from '../support/servers/pgbouncer.ts'

// Replaces the whole second run where PgBouncer is not installed (vitest.config.ts). In CI the run fails instead.
test.runIf(hasPgBouncer())(`all tests that query for tenants run a second time through a pooler (${withoutPgBouncer})`, () => {})
