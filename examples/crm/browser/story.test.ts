/** From the sign-up to the tenant that was suspended and has paid, as people do it; and beside it a second tenant that sees nothing of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { launch } from '../../../packages/ui/browser/chromium.ts'
import { serious } from '../../../packages/ui/browser/serious.ts'
import { endTrial } from '../src/shared/billing/trial.ts'
import { openCrm, password, until } from '../test/support.ts'
import { askFrom, buildClientOnce, goTo, openPage, overflow, settled, type Seen } from './support.ts'

await buildClientOnce()
const open = await openCrm()
const { appUrl } = open.environment
const at = (address: string, path = '/') => `${appUrl.replace('//', `//${address}.`)}${path}`

/** A script, right to left, characters of four bytes, and no space in a hundred letters. */
const hostile = `<img src=x onerror=alert(1)><script>alert(2)</script> שלום עולם 🏢𝔘 ${'x'.repeat(100)}`

let browser: Browser
let owner: Seen
let colleague: Seen
let stranger: Seen
beforeAll(async () => {
  browser = await launch()
  ;[owner, colleague, stranger] = await Promise.all([
    openPage(browser, appUrl),
    openPage(browser, appUrl),
    openPage(browser, appUrl),
  ])
})
afterAll(() => browser?.close())

async function signUp(page: Page, company: string, email: string): Promise<void> {
  await page.goto(`${appUrl}/sign-up`)
  await page.getByLabel('Company').fill(company)
  await page.getByText('can be yours').waitFor()
  await page.getByLabel('Your name').fill('Olga Owner')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Create the place' }).click()
  await page.getByRole('heading', { name: 'Dashboard' }).waitFor()
}

test('the sign-up says at the field what is wrong, and leads to the first page of the tenant', async () => {
  const { page } = owner
  await page.goto(appUrl)
  await page.getByRole('link', { name: 'Start for free' }).first().click()
  await page.getByLabel('Company').fill('Nørdwind & Söhne GmbH')
  expect(await page.getByLabel('Address').inputValue()).toBe('n-rdwind-sohne-gmbh')
  await page.getByLabel('Address').fill('admin')
  await page.locator('#address-error').waitFor()
  await page.getByLabel('Address').fill('nordwind')
  await page.getByText('can be yours').waitFor()
  await page.getByLabel('Your name').fill('Olga Owner')
  await page.getByLabel('E-mail').fill('olga@nordwind.example')
  await page.getByLabel('Password').fill('short')
  await page.getByRole('button', { name: 'Create the place' }).click()
  await page.getByText('It must have 10 characters or more.').waitFor()
  await page.locator('#password:focus').waitFor()
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Create the place' }).click()
  await page.getByText('Your place is ready').waitFor()
  expect(new URL(page.url()).origin).toBe(at('nordwind', ''))
  const cookies = await page.context().cookies()
  expect(cookies.filter(({ name }) => name.includes('session')).map(({ domain, httpOnly }) => ({ domain, httpOnly }))).toEqual([
    { domain: 'nordwind.crm.localhost', httpOnly: true },
  ])
  expect(await page.evaluate('Object.keys(localStorage)')).toEqual([])
})

test('a customer with a hostile name is text, with its note, task and file', async () => {
  const { page } = owner
  await goTo(page, 'Customers')
  await page.getByRole('button', { name: 'New customer' }).first().click()
  await page.getByRole('button', { name: 'Add the customer' }).click()
  await page.getByText('It must not be empty.').waitFor()
  await page.getByLabel('Name').fill(hostile)
  await page.getByLabel('City').fill('Łódź')
  await page.getByRole('button', { name: 'Add the customer' }).click()
  await page.getByRole('heading', { name: hostile }).waitFor()
  await page.getByLabel('New note').fill(`${hostile}\nsecond line`)
  await page.getByRole('button', { name: 'Add the note' }).click()
  await page.locator('.note-text', { hasText: 'second line' }).waitFor()
  await page.getByLabel('New task').fill('Call back')
  await page.getByRole('button', { name: 'Add the task' }).click()
  await page.getByLabel('Done: Call back').check()
  await page.locator('.task.is-done', { hasText: 'Call back' }).waitFor()
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'offer 🏢.txt', mimeType: 'text/plain', buffer: Buffer.from('42') })
  const link = page.getByRole('link', { name: 'offer 🏢.txt' })
  await link.waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
  expect(download.suggestedFilename()).toBe('offer 🏢.txt')
})

test('a lead goes over the board by keyboard and by mouse', async () => {
  const { page } = owner
  await page.getByRole('link', { name: 'Leads', exact: true }).click()
  await page.getByRole('button', { name: 'New lead' }).click()
  await page.getByLabel('What it is about').fill('Winter garden')
  await page.getByLabel('Value in EUR').fill('1234.56')
  await page.getByRole('button', { name: 'Add the lead' }).click()
  const column = (name: string) => page.getByRole('region', { name, exact: true })
  await column('New').getByRole('link', { name: 'Winter garden' }).waitFor()
  await page.getByRole('button', { name: 'Move Winter garden' }).focus()
  await page.keyboard.press('ArrowRight')
  await column('Contacted').getByRole('link', { name: 'Winter garden' }).waitFor()
  await page.getByText('Winter garden: Contacted, place 1 of 1.').waitFor()
  // The focus is still on it.
  await page.keyboard.press('ArrowRight')
  await column('Qualified').getByRole('link', { name: 'Winter garden' }).waitFor()
  await page.locator('.lead-card', { hasText: 'Winter garden' }).dragTo(column('Proposal').locator('.board-cards'))
  await column('Proposal').getByText('€1,234.56').waitFor()
  await until(
    () => askFrom(page, '/api/leads/board'),
    ({ text }) => JSON.parse(text).columns[3].count === 1,
  )
  await page.reload()
  await column('Proposal').getByRole('link', { name: 'Winter garden' }).waitFor()
})

test('the search answers to a key, and leads to what was found', async () => {
  const { page } = owner
  await page.keyboard.press('/')
  await page.getByRole('combobox', { name: 'Search everything' }).fill('winter')
  await page.getByRole('option', { name: /Winter garden/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Winter garden' }).waitFor()
})

test('an import tells how far it is, and why lines were refused', async () => {
  const { page } = owner
  await goTo(page, 'Imports')
  const lines = Array.from({ length: 1500 }, (_, index) => `Customer ${index},c${index}@example.com`)
  lines[10] = ',nameless@example.com'
  lines[20] = 'Wrong,no address'
  await page.locator('input[type=file]').setInputFiles({
    name: 'customers.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(['name,email', ...lines].join('\n')),
  })
  await page.getByText('1,498 customers came in, 2 lines were refused.').waitFor()
  expect(await page.locator('tbody tr').allTextContents()).toEqual([
    expect.stringMatching(/^12.*name: must not be empty/),
    expect.stringMatching(/^22.*email: must be an e-mail address/),
  ])
  await page.getByRole('link', { name: 'See the customers' }).click()
  await page.getByText('1 to 25 of 1,499 customers').waitFor()
})

test('a colleague comes by invitation, in another browser', async () => {
  const { page } = owner
  await goTo(page, 'People')
  await page.getByRole('button', { name: 'Invite a colleague' }).click()
  await page.getByLabel('E-mail').fill('cem@nordwind.example')
  await page.getByRole('button', { name: 'Send the invitation' }).click()
  const mail = await until(
    () => open.crm.sink!.mails().find(({ to }) => to === 'cem@nordwind.example'),
    (found) => found !== undefined,
  )
  const [link] = /http:\S+/.exec(mail!.text)!
  await colleague.page.goto(link)
  await colleague.page.getByText('Olga Owner has invited cem@nordwind.example as member.').waitFor()
  await colleague.page.getByLabel('Your name').fill('Cem Colleague')
  await colleague.page.getByLabel('Password').fill(password)
  await colleague.page.getByRole('button', { name: 'Join' }).click()
  await colleague.page.getByRole('heading', { name: 'Dashboard' }).waitFor()
  await colleague.page.getByRole('link', { name: 'Imports' }).click()
  await colleague.page.getByText('Only owners and admins import.').waitFor()
})

describe('another tenant', () => {
  test('sees nothing of the first, by its own pages and by the ids of the first', async () => {
    const { page } = stranger
    await signUp(page, 'Globex', 'greta@globex.example')
    await goTo(page, 'Customers')
    await page.getByText('No customers yet').waitFor()
    const { items } = JSON.parse((await askFrom(owner.page, '/api/customers?limit=1')).text)
    const { id } = items[0]
    for (const path of ['/api/customers/', '/api/leads/', '/api/notes?customerId=', '/api/files/']) {
      const { status, text } = await askFrom(page, path + id)
      expect([path, status, status === 404 ? 0 : JSON.parse(text).total]).toEqual([path, path.includes('?') ? 200 : 404, 0])
    }
    await page.goto(at('globex', `/customers/${id}`))
    await page.getByText('There is no such customer').waitFor()
    expect((await askFrom(page, '/api/files/1/content')).status).toBe(404)
  })

  test('is no place for the cookies of the first', async () => {
    const cookies = await owner.page.context().cookies()
    const { page } = await openPage(browser, appUrl)
    await page
      .context()
      .addCookies(cookies.map(({ domain: _domain, ...cookie }) => ({ ...cookie, domain: 'globex.crm.localhost' })))
    await page.goto(at('globex', '/customers'))
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect((await askFrom(page, '/api/customers')).status).toBe(401)
    expect((await askFrom(page, '/api/customers/1')).status).toBe(401)
    // A page of one tenant may not even ask another: there is no CORS.
    await expect(askFrom(owner.page, at('globex', '/api/customers'))).rejects.toThrow('Failed to fetch')
    owner.errors.splice(0, owner.errors.length, ...owner.errors.filter((text) => !text.includes('globex')))
    owner.strangers.splice(0)
    await page.context().close()
  })

  test('gets a page of its own where there is no tenant, and no page', async () => {
    const { page } = await openPage(browser, appUrl)
    expect((await page.goto(at('nowhere')))!.status()).toBe(404)
    expect((await page.goto(`${appUrl}/nothing`))!.status()).toBe(404)
    await page.goto(`${appUrl}/sign-in`)
    await page.getByLabel('Address of your company').fill('nowhere')
    await page.getByRole('button', { name: 'Go to the sign-in' }).click()
    await page.getByText('There is no company at nowhere').waitFor()
    await page.getByLabel('Address of your company').fill('nordwind')
    await page.getByRole('button', { name: 'Go to the sign-in' }).click()
    await page.waitForURL(at('nordwind', '/sign-in'))
    await page.context().close()
  })
})

const pages = ['/', '/customers', '/customers/1', '/leads', '/leads/list', '/leads/1', '/projects', '/tasks', '/notes', '/files']
const more = ['/imports', '/imports/1', '/people', '/settings', '/settings/billing', '/settings/account', '/nothing']
const site = ['/', '/prices', '/sign-up', '/sign-in', '/nothing']

describe.each([
  { width: 1280, colorScheme: 'light' as const },
  { width: 390, colorScheme: 'dark' as const },
])('at $width pixels, $colorScheme', ({ width, colorScheme }) => {
  test.each([
    ['the public site', () => site.map((path) => appUrl + path)],
    ['the app', () => [...pages, ...more].map((path) => at('nordwind', path))],
  ])('each page of %s is accessible, and fits', async (_name, addresses) => {
    const cookies = await owner.page.context().cookies()
    const seen = await openPage(browser, appUrl, { viewport: { width, height: 900 }, colorScheme })
    await seen.page.context().addCookies(cookies)
    for (const address of addresses()) {
      await seen.page.goto(address)
      await settled(seen.page)
      expect([address, await overflow(seen.page)]).toEqual([address, 0])
      expect([address, ...(await serious(seen.page))]).toEqual([address])
    }
    expect(seen.errors).toEqual([])
    expect(seen.strangers).toEqual([])
    expect(seen.dialogs).toEqual([])
    await seen.page.context().close()
  })
})

test('a trial that ends closes the tenant, and a payment opens it', async () => {
  const { tenancy } = open.crm
  const { id } = (await tenancy.tenants.find({ schema: 'nordwind' }))!
  await tenancy.sharedPool.query(`update subscriptions set trial_ends_at = now() - interval '1 minute' where tenant_id = $1`, [
    id,
  ])
  await tenancy.run({ id }, () => endTrial(open.crm))
  const { page } = owner
  // A page that is open notices it, too.
  await page.getByRole('link', { name: 'Customers' }).click()
  await page.getByRole('heading', { name: 'This place is closed for now' }).waitFor()
  expect((await page.goto(at('nordwind', '/customers')))!.status()).toBe(403)
  await page.getByRole('button', { name: 'Open with Growth' }).waitFor()
  expect(await serious(page)).toEqual([])
  await page.getByRole('button', { name: 'Open with Growth' }).click()
  await page.getByRole('button', { name: /^Pay / }).click()
  await page.getByRole('heading', { name: 'Dashboard' }).waitFor()
  await page.goto(at('nordwind', '/settings/billing'))
  await page.getByText('Paid', { exact: true }).waitFor()
})

test('no page has met its policy, has asked another host, or has run what was only text', () => {
  for (const { errors, strangers, dialogs } of [owner, colleague, stranger])
    expect({ errors, strangers, dialogs }).toEqual({ errors: [], strangers: [], dialogs: [] })
})
