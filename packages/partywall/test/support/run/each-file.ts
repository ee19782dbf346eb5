/** Around every test file: the alarms after each test, and the end of the file's poolers and databases after everything else. */
import { afterAll, afterEach, type RunnerTestFile } from 'vitest'
import { checkAlarms } from './alarms.ts'
import { endTestDatabases } from '../servers/database.ts'
import { endPoolers } from '../servers/route.ts'

// Registered before any hook of the file, so these run last: hooks after tests run in reverse order.
// oxlint-disable-next-line no-empty-pattern -- Vitest accepts the unused first argument only destructured
afterAll(async ({}, file) => {
  await endPoolers()
  await endTestDatabases(file as RunnerTestFile)
})
afterEach(async () => checkAlarms())
