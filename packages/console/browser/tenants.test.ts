/** The pages of tenants in Chromium: a tenant from its form to its deletion, hostile names, the keyboard, a viewer, both widths. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { byHost, createTenancy } from 'partywall'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import * as z from 'zod'
import { testDatabase } from '../../partywall/test/support/servers/database.ts'
import { launch, watchedPage, type Watched } from '../../ui/browser/chromium.ts'
import { serious } from '../../ui/browser/serious.ts'
import { console as consoleOf } from '../src/index.ts'
import type { Role } from '../src/parts.ts'

const { url } = await testDatabase()
const hostile = '<script>alert(1)</script> شركة 😀'
const tenancy = createTenancy({
  database: url,
  migrations: { shared: false, tenant: false },
  resolve: [byHost({ base: 'example.com' })],
  tenant: {
    attributes: z.object({
      plan: z.enum(['free', 'pro']).default('free'),
      seats: z.int().min(1).optional(),
      apiKey: z.string().optional(),
    }),
  },
  settings: { schema: z.object({ motto: z.string() }), defaults: { motto: 'to each its own' } },
  hooks: { onProvision: async (): Promise<void> => {} },
})
const pictures = process.env['PARTYWALL_PICTURES']
let role: Role = 'owner'
let server: Server
let origin: string
let browser: Browser

beforeAll(async () => {
  server = createServer(consoleOf(tenancy, { authorize: () => ({ id: 'ann', role }) })).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  // The first page of a working copy is built.
  await fetch(origin)
  await tenancy.tenants.create({ schema: 'globex', name: hostile, attributes: { apiKey: 'sk_live_0123456789abcdef' } })
  browser = await launch()
})
beforeEach(() => {
  role = 'owner'
})
afterAll(async () => {
  await browser?.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await tenancy.close()
})

async function open(path: string, width = 1280): Promise<Watched> {
  const watched = await watchedPage(browser, origin, { viewport: { width, height: 900 }, reducedMotion: 'reduce' })
  watched.page.setDefaultTimeout(15_000)
  await watched.page.goto(`${origin}${path}`)
  await watched.page.locator('.ui-page-title').waitFor()
  await watched.page.waitForLoadState('networkidle')
  return watched
}

const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()
const isPath = (page: Page, path: string) => page.waitForURL((address) => address.pathname === path)
const click = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click()

test('a tenant is made with its steps, suspended, renamed, cloned, archived, restored and deleted by its name', async () => {
  const { page, errors, violations, strangers } = await open('/')
  await page.getByRole('link', { name: 'New tenant' }).click()
  // The search of the list has these names in its label.
  await page.getByRole('heading', { name: 'New tenant' }).waitFor()
  await page.getByLabel('Name').fill('Acme Inc.')
  expect(await page.getByLabel('Schema').inputValue()).toBe('acme-inc')
  await page.getByLabel('Seats').fill('0')
  await click(page, 'Create the tenant')
  await page.locator('.is-invalid input').waitFor()
  await page.getByLabel('Seats').fill('3')
  await click(page, 'Create the tenant')
  await shows(page, 'The tenant is ready')
  await shows(page, 'hooks.onProvision')
  await page.getByRole('link', { name: 'Open the tenant' }).click()
  await isPath(page, '/t/acme-inc')

  await click(page, 'Edit')
  await page.getByLabel('Plan').selectOption({ label: 'pro' })
  await click(page, 'Save')
  await shows(page, 'Saved.')
  expect((await tenancy.tenants.get('acme-inc')).attributes).toMatchObject({ plan: 'pro', seats: 3 })

  await page.getByRole('link', { name: 'Life' }).click()
  await click(page, 'Suspend')
  await page.getByRole('button', { name: 'Activate' }).waitFor()
  await click(page, 'Activate')
  await page.getByRole('button', { name: 'Suspend' }).waitFor()

  await page.getByLabel('New schema').fill('acme')
  await click(page, 'Rename')
  await isPath(page, '/t/acme/life')

  await page.getByLabel('Schema of the clone').fill('acme-copy')
  await click(page, 'Show the plan')
  await click(page, 'Clone')
  await shows(page, 'The tenant is ready')
  expect(await tenancy.tenants.find('acme-copy')).toBeDefined()

  await click(page, 'Archive…')
  await page.getByRole('dialog').getByRole('button', { name: 'Archive', exact: true }).click()
  await click(page, 'Restore')
  await isPath(page, '/t/acme/life')

  await click(page, 'Delete…')
  const confirm = page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true })
  await page.getByLabel('Type acme to confirm').fill('acm')
  expect(await confirm.isDisabled()).toBe(true)
  await page.getByLabel('Type acme to confirm').fill('acme')
  await confirm.click()
  await isPath(page, '/')
  await page.getByRole('link', { name: 'acme-copy' }).waitFor()
  expect(await tenancy.tenants.find('acme')).toBeUndefined()
  expect([await violations(), strangers]).toEqual([[], []])
  expect(errors.filter((text) => !text.includes('Failed to load resource'))).toEqual([])
  await page.context().close()
})

test('a change that came too late is said, and nothing is done', async () => {
  await tenancy.tenants.create({ schema: 'late' })
  const { page } = await open('/t/late/life')
  await tenancy.tenants.setMaintenance('late')
  await click(page, 'Suspend')
  await shows(page, /changed this tenant since the page was loaded/)
  expect((await tenancy.tenants.get('late')).status).toBe('maintenance')
  await page.context().close()
})

test('domains, members, an invitation and settings', async () => {
  const { page } = await open('/t/globex/domains')
  await page.getByLabel('Domain', { exact: true }).fill('globex.example.com')
  await click(page, 'Add')
  await page.getByRole('cell', { name: 'globex.example.com' }).first().waitFor()
  await page.getByLabel('Customer’s domain').fill('polls.globex-customer.com')
  await click(page, 'Claim')
  await shows(page, /_partywall\.polls\.globex-customer\.com/)

  await page.getByRole('link', { name: 'Members' }).click()
  await page.getByLabel('User', { exact: true }).fill(hostile)
  await click(page, 'Add the member')
  await page.getByRole('cell', { name: hostile }).first().waitFor()
  await page.getByLabel('E-mail address').fill('eve@example.com')
  await click(page, 'Invite')
  await shows(page, 'The token of the invitation')
  await click(page, 'Done')

  await page.getByRole('link', { name: 'Settings' }).click()
  await click(page, 'Set motto')
  await page.getByLabel('Value').fill(hostile)
  await page.getByRole('dialog').getByRole('button', { name: 'Set', exact: true }).click()
  await page.getByRole('button', { name: 'Unset motto' }).waitFor()
  expect((await tenancy.settings.of('globex')).motto).toBe(hostile)
  await page.context().close()
})

test.each([1280, 390])('every page is accessible and fits at %d pixels, with hostile names', async (width) => {
  const paths = ['/', '/tenants/new', ...['', '/domains', '/members', '/settings', '/life'].map((tab) => `/t/globex${tab}`)]
  const { page, violations } = await open('/', width)
  for (const path of paths) {
    await page.goto(`${origin}${path}`)
    await page.locator('.ui-page-title').waitFor()
    await page.waitForLoadState('networkidle')
    if (pictures !== undefined)
      await page.screenshot({ path: `${pictures}/${width}${path.replaceAll('/', '_')}.png`, fullPage: true })
    expect([path, await serious(page)]).toEqual([path, []])
    expect([path, await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)]).toEqual([path, 0])
    expect(await page.content()).not.toContain('sk_live_0123456789abcdef')
  }
  expect(await violations()).toEqual([])
  await page.context().close()
})

test('by the keyboard alone', async () => {
  const { page } = await open('/tenants/new')
  await page.getByLabel('Name').focus()
  await page.keyboard.type('Keyboard')
  await page.keyboard.press('Enter')
  await shows(page, 'The tenant is ready')
  await page.getByRole('link', { name: 'Open the tenant' }).press('Enter')
  await isPath(page, '/t/keyboard')
  await page.context().close()
})

test('a viewer sees no button that fails', async () => {
  role = 'viewer'
  const { page } = await open('/t/globex/life')
  for (const tab of ['', '/domains', '/members', '/settings', '/life']) {
    await page.goto(`${origin}/t/globex${tab}`)
    await page.waitForLoadState('networkidle')
    const main = page.getByRole('main')
    expect(
      await main.getByRole('button', { name: /Edit|Suspend|Delete|Archive|Rename|Add|Invite|Claim|Set|Remove/ }).count(),
    ).toBe(0)
  }
  await page.goto(`${origin}/`)
  await page.waitForLoadState('networkidle')
  expect(await page.getByRole('link', { name: 'New tenant' }).count()).toBe(0)
  await page.context().close()
})
