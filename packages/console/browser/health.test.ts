/** Health and jobs in Chromium. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch } from '../../ui/browser/chromium.ts'
import type { QueuedJob } from '../src/jobs/source.ts'
import { fleetOf, type Fleet } from '../test/migrations/fleet.ts'
import { expectSound, openPage } from './ops-page.ts'
import { opsServer } from './ops-server.ts'

let browser: Browser
let fleet: Fleet
beforeAll(async () => {
  ;[browser, fleet] = await Promise.all([launch(), fleetOf(['acme', 'globex'])])
})
afterAll(() => browser?.close())

const idOf = (ref: unknown): string => (ref as { id: string }).id

test.each([1280, 390])('health shows the checks, the plots and what the doctor finds, at %i pixels', async (width) => {
  await using server = await opsServer(fleet.tenancy)
  await fleet.tenancy.run('acme', () => fleet.tenancy.pool.query('select 1'))
  const watched = await openPage(browser, server.origin, '/health', width)
  const { page } = watched
  await page.getByText('all is well').waitFor()
  await page.getByRole('table', { name: 'Pools' }).waitFor()
  expect(await page.locator('.ui-plot').count()).toBe(6)
  await page.getByRole('button', { name: /^Examine/ }).focus()
  await page.keyboard.press('Enter')
  await page.getByText(/findings? of \d+ examinations/).waitFor()
  await page
    .getByText(/^PW-\d+$|^Nothing to do$/)
    .first()
    .waitFor()
  await expectSound(watched)
})

test('jobs: without a queue the page says how; with one, a failed job of a tenant is tried again', async () => {
  {
    await using server = await opsServer(fleet.tenancy)
    const watched = await openPage(browser, server.origin, '/jobs', 390)
    await watched.page.getByText('The console knows no queue').waitFor()
    await watched.page.getByText('pgBossJobs(boss, jobs)').first().waitFor()
    await expectSound(watched)
  }
  const acme = (await fleet.tenancy.tenants.get('acme')).id
  const failed: QueuedJob = {
    id: 'a1',
    queue: 'mail',
    state: 'failed',
    attempts: 3,
    maxAttempts: 3,
    error: '<img src=x onerror=alert(1)> نص',
  }
  let jobs = [failed]
  await using server = await opsServer(fleet.tenancy, {
    jobs: {
      name: 'a queue of its own',
      queues: async () => [{ queue: 'mail', counts: { failed: jobs.length } }],
      jobsOf: async (ref) => (idOf(ref) === acme ? jobs : []),
      retry: async (ref, _queue, id) => {
        if (idOf(ref) !== acme || id !== 'a1') return false
        jobs = []
        return true
      },
    },
  })
  const watched = await openPage(browser, server.origin, '/jobs')
  const { page } = watched
  await page.getByLabel('Tenant', { exact: true }).last().fill('globex')
  await page.keyboard.press('Enter')
  await page.getByText('The tenant has no such job.').waitFor()
  await page.getByLabel('Tenant', { exact: true }).last().fill('acme')
  await page.keyboard.press('Enter')
  await page.getByText('<img src=x onerror=alert(1)>').waitFor()
  await expectSound(watched)
  expect(await page.getByRole('button', { name: 'Remove' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('The job a1 is tried again.').waitFor()
  await page.getByText('The tenant has no such job.').waitFor()
})
