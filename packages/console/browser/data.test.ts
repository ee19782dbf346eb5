/** The pages of tables and rows in Chromium: their story, two tenants side by side, and what hostile rows do to them. */
import { readFile } from 'node:fs/promises'
import { byHost, createTenancy } from 'partywall'
import { Client } from 'pg'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../../partywall/test/support/servers/database.ts'
import { launch, watchedPage, type Watched } from '../../ui/browser/chromium.ts'
import { serious } from '../../ui/browser/serious.ts'
import { addressOf } from '../src/data/address.ts'
import { dataServer, type DataServer } from './data-server.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  resolve: [byHost({ base: 'shop.test' })],
  migrations: { shared: false, tenant: false },
})
const admin = new Client(url)
let server: DataServer
let browser: Browser
const strange = `<img src=x onerror="alert(1)">/..`

beforeAll(async () => {
  await admin.connect()
  await admin.query(
    `create table countries (code text primary key, name text not null); insert into countries values ('a/b', 'Slashland')`,
  )
  for (const schema of ['acme', 'globex']) {
    await tenancy.tenants.create({ schema, name: schema === 'acme' ? 'Acme' : 'Globex' })
    await admin.query(`
      set search_path to ${schema};
      create type stage as enum ('lead', 'won');
      create table customers (
        id bigint generated always as identity primary key, name text not null, email text unique, country text references public.countries,
        stage stage not null default 'lead', meta jsonb, logo bytea, notes text
      );
      create table projects (id serial primary key, title text not null, customer_id bigint not null references customers);
      create table ${JSON.stringify(strange).replaceAll('\\"', '""')} (id int primary key, note text);
      create table wide (id int primary key, ${Array.from({ length: 60 }, (_, at) => `column_${at} text`).join(', ')});
      insert into wide (id) values (1);
      create table bare (note text); insert into bare values ('no key');
      reset search_path`)
  }
  await admin.query('create table acme.only_acme (id int primary key)')
  ;[server, browser] = await Promise.all([dataServer(tenancy), launch()])
  // The first request builds the pages.
  await fetch(server.origin)
})
beforeEach(async () => {
  server.role = 'owner'
  for (const schema of ['acme', 'globex']) {
    await admin.query(`truncate ${schema}.customers, ${schema}.projects restart identity`)
    await admin.query(
      `insert into ${schema}.customers (name, email, country, meta, notes)
       select '${schema} customer ' || n, n || '@${schema}', 'a/b', '{"n": 12345678901234567890}', case n when 1 then '<script>alert(1)</script>' when 2 then 'نص عربي'
         when 3 then '😀' when 4 then repeat('long ', 200000) end from generate_series(1, 120) n`,
    )
    await admin.query(`insert into ${schema}.projects (title, customer_id) select 'p' || n, 1 from generate_series(1, 42) n`)
  }
})
afterAll(async () => {
  await browser?.close()
  await server?.[Symbol.asyncDispose]()
  await tenancy.close()
  await admin.end()
})

async function open(path: string, width = 1280): Promise<Watched> {
  const watched = await watchedPage(browser, server.origin, { viewport: { width, height: 900 }, reducedMotion: 'reduce' })
  watched.page.setDefaultTimeout(15_000)
  await watched.page.goto(`${server.origin}${path}`)
  await watched.page.locator('.ui-page-title').waitFor()
  await watched.page.waitForLoadState('networkidle')
  return watched
}

const rowsOf = (page: Page) => page.getByRole('table', { name: /Rows of/ }).locator('tbody tr')
/** By the selector in the bar. */
async function choose(page: Page, tenant: string): Promise<void> {
  const selector = page.getByRole('combobox', { name: 'Tenant' })
  await selector.click()
  await selector.fill(tenant)
  await page.getByRole('option', { name: new RegExp(tenant, 'i') }).click()
}

const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()
const isPath = (page: Page, path: string) => page.waitForURL((address) => address.pathname === path)

test('from the tables to a row, by its foreign keys and back', async () => {
  const { page, errors } = await open('/t/acme/tables')
  await page.getByRole('link', { name: 'customers', exact: true }).click()
  await rowsOf(page).first().waitFor()
  expect(await rowsOf(page).count()).toBe(50)

  await page.getByRole('button', { name: 'Filter' }).click()
  await page.getByLabel('Column').selectOption({ label: 'name' })
  await page.getByLabel('Condition').selectOption({ label: 'contains' })
  await page.getByLabel('Value').fill('CUSTOMER 1')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('list', { name: 'Filters' }).getByText('CUSTOMER 1').waitFor()
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 32)
  await page.getByRole('button', { name: 'Remove the filter of name' }).click()
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 50)

  await page.getByRole('columnheader', { name: 'id' }).getByRole('button').click()
  await page.getByRole('columnheader', { name: 'id' }).getByRole('button').click()
  await page.getByRole('link', { name: '120', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('link', { name: '70', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('link', { name: '1', exact: true }).waitFor()
  expect(await page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Previous' }).click()
  await page.getByRole('link', { name: '70', exact: true }).waitFor()
  await page.goBack()
  await page.getByRole('link', { name: '1', exact: true }).click()

  await isPath(page, '/t/acme/tables/customers/1')
  await page.getByRole('link', { name: '42 projects' }).click()
  await isPath(page, '/t/acme/tables/projects')
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 42)
  await rowsOf(page).first().getByRole('link').last().click()
  await isPath(page, '/t/acme/tables/customers/1')
  await page.getByRole('link', { name: 'a/b' }).click()
  await isPath(page, '/shared/tables/countries/a~2fb')
  await shows(page, 'Slashland')
  expect(errors).toEqual([])
  await page.context().close()
})

test('a row is changed, a change in between gives a choice, and what PostgreSQL refuses stands at its field', async () => {
  const { page } = await open('/t/acme/tables/customers/1')
  await page.getByRole('link', { name: 'Edit' }).click()
  await page.getByRole('textbox', { name: 'name', exact: true }).fill('mine')
  await page.getByRole('textbox', { name: 'email', exact: true }).fill('2@acme')
  await page.getByRole('button', { name: 'Save' }).click()
  await shows(page, 'Another row has this value already.')
  expect(await page.evaluate(() => (document.activeElement as HTMLTextAreaElement).value)).toBe('2@acme')

  await admin.query(`update acme.customers set name = 'theirs' where id = 1`)
  await page.getByRole('textbox', { name: 'email', exact: true }).fill('new@acme')
  await page.getByRole('button', { name: 'Save' }).click()
  const conflict = page.getByRole('row', { name: 'name' })
  await conflict.waitFor()
  expect(await conflict.getByRole('cell').allTextContents()).toEqual(['acme customer 1', 'theirs', 'mine'])
  await page.getByRole('button', { name: 'Apply mine' }).click()
  await shows(page, 'The row was saved.')
  const { rows } = await admin.query('select name, email from acme.customers where id = 1')
  expect(rows).toEqual([{ name: 'mine', email: 'new@acme' }])
  expect((await admin.query('select name from globex.customers where id = 1')).rows[0].name).toBe('globex customer 1')

  await page.getByRole('link', { name: 'Edit' }).click()
  await page.getByRole('textbox', { name: 'meta', exact: true }).fill('{')
  await page.getByRole('button', { name: 'Save' }).click()
  await shows(page, /This is not JSON/)
  await page.getByLabel('What meta gets').selectOption({ label: 'null' })
  await page.getByRole('textbox', { name: 'notes', exact: true }).fill('')
  await page.getByRole('button', { name: 'Save' }).click()
  await shows(page, 'empty text')
  expect((await admin.query('select meta, notes from acme.customers where id = 1')).rows).toEqual([{ meta: null, notes: '' }])
  await page.context().close()
})

test('a row is created with a file and found by its foreign key, and deleted', async () => {
  const { page } = await open('/t/acme/tables/customers')
  await page.getByRole('link', { name: 'New row' }).click()
  await page.getByRole('button', { name: 'Create the row' }).click()
  await shows(page, 'It needs a value.')
  await page.getByRole('textbox', { name: 'name', exact: true }).fill('created')
  await page.getByRole('combobox', { name: 'stage', exact: true }).selectOption('won')
  const country = page.getByRole('combobox', { name: 'country', exact: true })
  await country.click()
  await country.pressSequentially('slash')
  await page.getByRole('option', { name: 'a/b · Slashland' }).click()
  await page
    .getByLabel('logo', { exact: true })
    .setInputFiles({ name: 'logo.bin', mimeType: 'application/octet-stream', buffer: Buffer.from([0, 1, 255]) })
  await shows(page, '3 B from logo.bin')
  await page.getByRole('button', { name: 'Create the row' }).click()
  await isPath(page, '/t/acme/tables/customers/122')
  const { rows } = await admin.query('select name, stage::text, country, logo, meta from acme.customers where id = 122')
  expect(rows).toEqual([{ name: 'created', stage: 'won', country: 'a/b', logo: Buffer.from([0, 1, 255]), meta: null }])

  const downloading = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download' }).click()
  expect(await readFile(await (await downloading).path())).toEqual(Buffer.from([0, 1, 255]))

  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the row' }).click()
  await isPath(page, '/t/acme/tables/customers')
  expect((await admin.query('select from acme.customers where id = 122')).rowCount).toBe(0)

  await page.goto(`${server.origin}/t/acme/tables/customers/1`)
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the row' }).click()
  await shows(page, /Rows of "projects" refer to this row/)
  await page.context().close()
})

describe('another tenant on the same page', () => {
  test('shows its own rows, and nothing of the tenant before while they load', async () => {
    const { page } = await open('/t/acme/tables/customers')
    await shows(page, 'acme customer 1')
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    await page.route('**/api/data/globex/**', async (route) => {
      await held
      await route.continue()
    })
    await choose(page, 'globex')
    await isPath(page, '/t/globex/tables/customers')
    await page.getByText('acme customer').first().waitFor({ state: 'detached' })
    release()
    await shows(page, 'globex customer 1')
    expect(await page.getByText('acme customer').count()).toBe(0)
    await page.goto(`${server.origin}/t/acme/tables/customers/1`)
    await shows(page, 'acme customer 1')
    // The row 1 of another tenant is another row.
    expect(await page.getByRole('combobox', { name: 'Tenant' }).isDisabled()).toBe(true)
    await page.goto(`${server.origin}/t/globex/tables/customers/1`)
    await shows(page, 'globex customer 1')
    expect(await page.getByText('acme customer').count()).toBe(0)
    await page.context().close()
  })

  test('that lacks the table says so, and leads to those that it has', async () => {
    const { page } = await open('/t/acme/tables/only_acme')
    await shows(page, 'This table has no rows.')
    await choose(page, 'globex')
    await shows(page, '"Globex" has no table "only_acme".')
    await page.getByRole('link', { name: 'The tables that there are' }).click()
    await isPath(page, '/t/globex/tables')
    await page.context().close()
  })
})

test('a viewer is offered nothing that writes, nor is anyone in a table without a key', async () => {
  server.role = 'viewer'
  const { page } = await open('/t/acme/tables/customers/1')
  await shows(page, /Your role in this console is viewer/)
  expect(await page.getByRole('link', { name: 'Edit' }).count()).toBe(0)
  server.role = 'operator'
  await page.reload()
  await page.getByRole('link', { name: 'Edit' }).waitFor()
  expect(await page.getByRole('button', { name: 'Delete' }).count()).toBe(0)
  await page.goto(`${server.origin}/t/acme/tables/bare`)
  await shows(page, /no primary key/)
  expect(await page.getByRole('link', { name: 'New row' }).count()).toBe(0)
  await page.context().close()
})

test('a filter is added and removed by keyboard alone', async () => {
  const { page } = await open('/t/acme/tables/customers')
  await page.getByRole('button', { name: 'Filter' }).focus()
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.activeElement?.tagName === 'SELECT')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.type('7')
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1)
  await page.getByRole('button', { name: 'Remove the filter of id' }).focus()
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 50)
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.keyboard.press('Escape')
  await page.getByRole('form', { name: 'New filter' }).waitFor({ state: 'detached' })
  await page.context().close()
})

describe.each([1280, 390])('at %i pixels', (width) => {
  test.each([
    '/t/acme/tables',
    '/t/acme/tables/customers',
    '/t/acme/tables/customers/1',
    '/t/acme/tables/customers/4',
    '/t/acme/tables/customers/2?edit=1',
    '/t/acme/tables/projects/+',
    '/t/acme/tables/wide',
    `/t/acme/tables/${addressOf(strange)}`,
    '/shared/tables',
    '/t/globex/tables/only_acme',
  ])('%s fits, is accessible, keeps to the policy and asks no one else', async (path) => {
    const { page, errors, strangers, violations } = await open(path, width)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0)
    expect(await serious(page)).toEqual([])
    expect(await violations()).toEqual([])
    expect(strangers).toEqual([])
    expect(errors.filter((text) => !text.includes('404'))).toEqual([])
    expect((await page.content()).length).toBeLessThan(500_000)
    await page.context().close()
  })
})
