/** A run of thirty tenants with one that fails: seen live in two browsers, and resumed when its cause is gone. */
import { Client } from 'pg'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch } from '../../ui/browser/chromium.ts'
import { fleetOf, type Fleet } from '../test/migrations/fleet.ts'
import { until } from '../test/room.ts'
import { expectSound, openPage } from './ops-page.ts'
import { opsServer, type OpsServer } from './ops-server.ts'

const schemas = Array.from({ length: 30 }, (_, at) => `tenant_${String(at + 1).padStart(2, '0')}`)
let browser: Browser
let fleet: Fleet
let server: OpsServer

beforeAll(async () => {
  ;[browser, fleet] = await Promise.all([launch(), fleetOf(schemas)])
  server = await opsServer(fleet.tenancy)
  await fleet.admin.query(`insert into tenant_07.polls values (1, 'same'), (2, 'same')`)
  await fleet.file('tenant/0002_unique.sql', 'alter table polls add unique (title);')
})
afterAll(async () => {
  await browser?.close()
  await server?.[Symbol.asyncDispose]()
})

const stat = (page: Page, label: string) => page.locator('.ui-stat', { hasText: label }).locator('.ui-stat-value')
const shows = (page: Page, label: string, value: string) =>
  until(async () => (await stat(page, label).first().textContent())?.trim() === value, `${label} ${value}`)

test('a run is begun by the keyboard, seen by two at once, and resumed by the second one', async () => {
  const other = new Client(fleet.url)
  await other.connect()
  await other.query('begin; lock table tenant_30.polls')
  const one = await openPage(browser, server.origin, '/migrations')
  await shows(one.page, 'Behind', '30')
  await one.page.getByText('alter table polls add unique (title);').waitFor()
  await expectSound(one)

  await one.page.getByRole('button', { name: 'Run migrations…' }).focus()
  await one.page.keyboard.press('Enter')
  await one.page.getByRole('dialog').waitFor()
  await expectSound(one)
  await one.page.getByRole('button', { name: 'Run', exact: true }).focus()
  await one.page.keyboard.press('Enter')
  await one.page.waitForURL(/\/migrations\/[0-9a-f-]{36}$/)

  server.operator = 'ben'
  const two = await openPage(browser, server.origin, new URL(one.page.url()).pathname, 390)
  for (const { page } of [one, two]) {
    await shows(page, 'Done', '28')
    await shows(page, 'Failed', '1')
    await shows(page, 'At work', '1')
    await page.locator('.ui-step', { hasText: 'tenant_30' }).first().waitFor()
    await page.locator('.ops-fold', { hasText: 'tenant_07' }).getByText('SQLSTATE 23505').first().waitFor()
    expect(await page.getByText('live', { exact: true }).count()).toBe(1)
  }
  // A browser that connects again sees the same.
  await two.page.reload()
  await shows(two.page, 'Done', '28')
  await expectSound(two)

  await other.query('rollback')
  await other.end()
  for (const { page } of [one, two]) {
    await page.getByText('Fix the cause, then resume the run').waitFor()
    await shows(page, 'Done', '29')
  }
  await fleet.admin.query('delete from tenant_07.polls where id = 2')
  await two.page.getByRole('button', { name: 'Resume' }).click()
  for (const { page } of [two, one]) {
    await shows(page, 'Done', '30')
    await shows(page, 'Failed', '0')
  }
  await expectSound(one)
  await one.page.getByRole('link', { name: 'Migrations' }).first().click()
  await shows(one.page, 'At head', '31')
})

test('a hostile name in an error is text, a viewer has no buttons, and a run that holds up another one is named', async () => {
  await fleet.file('tenant/0003_hostile.sql', 'select * from "<img src=x onerror=alert(1)>\u0646\u0635";')
  server.role = 'operator'
  const watched = await openPage(browser, server.origin, '/migrations')
  await watched.page.getByRole('button', { name: 'Run migrations…' }).click()
  await watched.page.getByLabel('Which schemas').selectOption({ label: 'Some tenants, by schema' })
  await watched.page.getByLabel('Tenants').fill('tenant_01')
  await watched.page.getByRole('button', { name: 'Run', exact: true }).click()
  await watched.page.getByText('<img src=x onerror=alert(1)>').first().waitFor()
  await watched.page.waitForFunction(() => document.querySelector('.ui-badge.is-bad') !== null)
  await expectSound(watched)

  await fleet.admin.query(
    `update partywall.migration_runs set state = 'running', options = jsonb_set(options, '{by}', '{"actor": "<script>alert(2)</script>", "origin": "web-9 12 deploy.js"}')
     where started_at = (select max(started_at) from partywall.migration_runs)`,
  )
  await watched.page.goto(`${server.origin}/migrations`)
  await watched.page.getByRole('button', { name: 'Run migrations…' }).click()
  await watched.page.getByRole('button', { name: 'Run', exact: true }).click()
  await watched.page.getByRole('dialog').getByText('<script>alert(2)</script> (web-9 12 deploy.js)').waitFor()
  expect(watched.errors.filter((error) => !error.includes('409'))).toEqual([])

  server.role = 'viewer'
  await watched.page.context().close()
  const viewer = await openPage(browser, server.origin, '/migrations', 390)
  await viewer.page.getByText('A run is at work').waitFor()
  expect(await viewer.page.getByRole('button', { name: /Run migrations|Resume|gone/ }).count()).toBe(0)
  await expectSound(viewer)
  server.role = 'owner'
})

test('drift has the DDL that repairs it, which an owner may have done', async () => {
  await fleet.removeFile('tenant/0003_hostile.sql')
  await fleet.admin.query(`update partywall.migration_runs set state = 'failed'; alter table tenant_02.polls drop column title`)
  const watched = await openPage(browser, server.origin, '/drift')
  await watched.page.getByLabel('Tenants').fill('tenant_02 tenant_03')
  await watched.page.getByRole('button', { name: 'Examine', exact: true }).click()
  await watched.page.locator('summary', { hasText: 'tenant_02' }).click()
  await watched.page.getByText('add column "title"').first().waitFor()
  await expectSound(watched)
  await watched.page.getByRole('button', { name: 'Add what is missing…' }).click()
  await watched.page.getByRole('dialog').getByRole('textbox').fill('tenant_02')
  await watched.page.getByRole('button', { name: 'Add it' }).click()
  await watched.page.getByText('No tenant has drifted').waitFor()
  expect((await fleet.admin.query('select title from tenant_02.polls')).rows).toEqual([])
})
