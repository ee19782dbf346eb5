/** The log in Chromium: each link leads to its own tenant, from wherever it is opened. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch } from '../../ui/browser/chromium.ts'
import { fleetOf, type Fleet } from '../test/migrations/fleet.ts'
import { expectSound, openPage } from './ops-page.ts'
import { opsServer, type OpsServer } from './ops-server.ts'

const hostile = '<script>alert(1)</script> نص 😀'
let browser: Browser
let fleet: Fleet
let server: OpsServer
let goneId: string

beforeAll(async () => {
  ;[browser, fleet] = await Promise.all([launch(), fleetOf(['acme', 'globex'])])
  server = await opsServer(fleet.tenancy)
  const { tenants } = fleet.tenancy
  await fleet.tenancy.actingAs(hostile, async () => {
    await tenants.update('acme', { name: 'Acme & <b>Sons</b>' })
    await tenants.update('globex', { name: 'Globex' })
  })
  goneId = (await tenants.create({ schema: 'gone' })).id
  await tenants.delete('gone', { confirm: 'gone' })
  await tenants.create({ schema: 'gone' })
  await tenants.create({ schema: 'before' })
  await tenants.rename('before', { schema: 'after' })
  for (let number = 0; number < 60; number += 1) await tenants.update('globex', { name: `Globex ${number}` })
})
afterAll(async () => {
  await browser?.close()
  await server?.[Symbol.asyncDispose]()
})

test('a link of an entry of acme that is opened while in globex leads to acme', async () => {
  const watched = await openPage(browser, server.origin, '/t/globex/log')
  const { page } = watched
  await page.getByText('Log of globex').first().waitFor()
  await page.locator('nav').getByRole('link', { name: 'Log' }).first().click()
  // The page before has a field and a button of the same names.
  await page.getByRole('heading', { name: 'Log', exact: true }).waitFor()
  await page.getByLabel('Who').fill(hostile)
  await page.getByRole('button', { name: 'Filter' }).click()
  const row = page.getByRole('row').filter({ hasText: 'acme' })
  await row.waitFor()
  expect(await row.count()).toBe(1)
  expect(await row.textContent()).toContain(hostile)
  await expectSound(watched)
  await row.getByRole('link').last().click()
  await page.waitForURL(`${server.origin}/t/acme`)
})

test('a link of a row of acme that is opened while in globex leads to that row of acme', async () => {
  for (const schema of ['acme', 'globex']) await fleet.admin.query(`insert into ${schema}.polls values (7, 'poll of ${schema}')`)
  const rowsOf = (schema: string) => `${server.origin}/api/data/${schema}/tables/polls/rows`
  const headers = { 'content-type': 'application/json', origin: server.origin }
  for (const schema of ['acme', 'globex']) {
    const body = JSON.stringify({
      values: [
        ['id', '8'],
        ['title', `new poll of ${schema}`],
      ],
    })
    const answer = await fetch(rowsOf(schema), { method: 'POST', body, headers })
    expect(await answer.json()).toMatchObject({ key: '8' })
  }
  const watched = await openPage(browser, server.origin, '/t/globex/tables/polls')
  const { page } = watched
  await page.locator('nav').getByRole('link', { name: 'Log' }).first().click()
  // The page before has a field and a button of the same names.
  await page.getByRole('heading', { name: 'Log', exact: true }).waitFor()
  await page.getByLabel('Tenant', { exact: true }).last().fill('acme')
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.waitForURL(/tenant=acme/)
  await page.getByRole('row').filter({ hasText: 'row.created' }).getByRole('link').last().click()
  // Its key was not known when the entry was written.
  await page.waitForURL(`${server.origin}/t/acme/tables/polls`)
  await page.getByText('new poll of acme').first().waitFor()
  expect(await page.getByText('new poll of globex').count()).toBe(0)
})

test('an entry of a tenant that was deleted leads to a page that says so, and not to the one that has its name', async () => {
  const watched = await openPage(browser, server.origin, '/log?action=tenant.deleted', 390)
  await watched.page.getByRole('link', { name: 'gone' }).first().click()
  await watched.page.waitForURL(`${server.origin}/log/tenants/${goneId}`)
  await watched.page.getByText('This tenant is not there any more').waitFor()
  await watched.page.getByText('a tenant was deleted').first().waitFor()
  await expectSound(watched)
})

test('an entry of a tenant that has another name by now leads to a page with the way to it', async () => {
  const watched = await openPage(browser, server.origin, '/log?tenant=after&action=tenant.created')
  await watched.page.getByRole('link', { name: 'before' }).first().click()
  await watched.page.getByText('It is called after now').waitFor()
  await expectSound(watched)
  await watched.page.getByRole('link', { name: 'Go to after' }).click()
  await watched.page.waitForURL(`${server.origin}/t/after`)
})

test('pages are turned by the keyboard, and a filter is in the address', async () => {
  const watched = await openPage(browser, server.origin, '/log?action=tenant.updated', 390)
  const { page } = watched
  await page.getByText('Page 1').waitFor()
  await page.getByText('a tenant was updated', { exact: false }).or(page.getByText('tenant.updated')).first().waitFor()
  await page.getByRole('button', { name: 'Next' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('Page 2').waitFor()
  await page.getByRole('row').filter({ hasText: hostile }).first().waitFor()
  await expectSound(watched)
})
