/** The setup of every test file: checks the alarms after each test, and ends the file's folders, poolers and databases after everything else. */
import { afterAll, afterEach, type RunnerTestFile } from 'vitest'
import { checkAlarms } from './alarms.ts'
import { endFile } from './file-end.ts'
import { explainTimeout } from './timed-out.ts'
import { endTestDatabases } from '../servers/database.ts'
import { endPoolers } from '../servers/route.ts'

// These hooks are registered before those of the file, so they run last: hooks after tests run in reverse order.
// oxlint-disable-next-line no-empty-pattern -- Vitest accepts the unused first argument only destructured
afterAll(async ({}, file) => {
  await endFile()
  await endPoolers()
  await endTestDatabases(file as RunnerTestFile)
})
afterEach(async ({ task }) => {
  await explainTimeout(task)
  await checkAlarms()
})
