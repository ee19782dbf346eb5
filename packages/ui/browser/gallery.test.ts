import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { launch, watchedPage } from './chromium.ts'
import type { Watched } from './chromium.ts'
import { galleryServer } from './gallery-server.ts'
import type { GalleryServer } from './gallery-server.ts'
import { serious } from './serious.ts'

const pages = ['actions', 'forms', 'overlays', 'tables', 'states', 'plots', 'hostile'] as const
const widths = [1280, 390] as const
const schemes = ['light', 'dark'] as const

let server: GalleryServer
let browser: Browser

beforeAll(async () => {
  ;[server, browser] = await Promise.all([galleryServer(), launch()])
})
afterAll(async () => {
  await browser.close()
  await server[Symbol.asyncDispose]()
})

async function open(path: string, width: number, colorScheme: 'light' | 'dark' = 'light'): Promise<Watched> {
  const watched = await watchedPage(browser, server.origin, {
    viewport: { width, height: 900 },
    colorScheme,
    reducedMotion: 'reduce',
  })
  await watched.page.goto(`${server.origin}/#/${path}`)
  await watched.page.locator('.ui-page-title').waitFor()
  return watched
}

async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

async function becomesFocused(page: Page, text: string): Promise<void> {
  await page.waitForFunction((wanted) => document.activeElement?.textContent?.trim() === wanted, text)
}

async function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent?.trim() ?? '')
}

describe.each(widths.flatMap((width) => schemes.map((scheme) => ({ width, scheme }))))(
  'at $width pixels, $scheme',
  ({ width, scheme }) => {
    let watched: Watched
    beforeAll(async () => {
      watched = await open('actions', width, scheme)
    })
    afterAll(() => watched.page.context().close())

    it.each(pages)('the page %s is accessible and fits, under a strict policy', async (name) => {
      const { page, violations, errors, strangers } = watched
      await page.goto(`${server.origin}/#/${name}`)
      await page.waitForFunction(
        (wanted) => document.querySelector('.ui-nav [aria-current]')?.getAttribute('href') === wanted,
        `#/${name}`,
      )
      await page.locator('.ui-page-title').waitFor()
      expect(await overflow(page)).toBe(0)
      expect(await violations()).toEqual([])
      expect(errors).toEqual([])
      expect(strangers).toEqual([])
      expect(await serious(page)).toEqual([])
    })
  },
)

describe('a dialog', () => {
  it.each(widths)('keeps the focus, gives it back, and is accessible at %i pixels', async (width) => {
    const { page, violations, errors } = await open('overlays', width)
    const opener = page.getByRole('button', { name: 'Rename…' })
    await opener.focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Rename the tenant' })
    await dialog.waitFor()
    expect(await serious(page)).toEqual([])
    expect(await overflow(page)).toBe(0)
    for (let presses = 0; presses < 12; presses++) {
      await page.keyboard.press('Tab')
      expect(await dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true)
    }
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    await becomesFocused(page, 'Rename…')
    expect(await violations()).toEqual([])
    expect(errors).toEqual([])
    await page.context().close()
  })

  it('closes only its menu at the first Escape', async () => {
    const { page } = await open('overlays', 1280)
    await page.getByRole('button', { name: 'Rename…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Rename the tenant' })
    await dialog.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Inside' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('menu').waitFor({ state: 'hidden' })
    expect(await dialog.isVisible()).toBe(true)
    await page.context().close()
  })

  it('asks for the word before what cannot be undone, and says that it was done', async () => {
    const { page, violations } = await open('overlays', 390)
    await page.getByRole('button', { name: 'Delete…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Delete acme?' })
    const confirm = dialog.getByRole('button', { name: 'Delete', exact: true })
    expect(await confirm.isDisabled()).toBe(true)
    await dialog.getByLabel('Type acme to confirm').fill('Acme')
    await page.keyboard.press('Enter')
    expect(await dialog.isVisible()).toBe(true)
    await dialog.getByLabel('Type acme to confirm').fill('acme')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'hidden' })
    const message = page.getByRole('region', { name: 'Messages' })
    await message.getByText('Tenant acme was deleted.').waitFor()
    await message.getByRole('button', { name: 'Dismiss' }).click()
    await message.getByText('Tenant acme was deleted.').waitFor({ state: 'hidden' })
    expect(await violations()).toEqual([])
    await page.context().close()
  })
})

describe('with the keyboard', () => {
  it('a menu is opened, walked by arrows past what is disabled, and closed', async () => {
    const { page, violations } = await open('actions', 1280)
    const trigger = page.getByRole('button', { name: 'Actions', exact: true })
    await trigger.focus()
    await page.keyboard.press('ArrowDown')
    await page.getByRole('menu').waitFor()
    expect(await serious(page)).toEqual([])
    await becomesFocused(page, 'Rename')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    expect(await focused(page)).toBe('Show its tables')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.getByRole('menu').waitFor({ state: 'hidden' })
    expect(await page.locator('[data-test=chosen]').textContent()).toBe('Suspend')
    await trigger.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menu').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('menu').waitFor({ state: 'hidden' })
    await becomesFocused(page, 'Actions')
    expect(await violations()).toEqual([])
    await page.context().close()
  })

  it('a choice is searched and taken', async () => {
    const { page, violations, errors } = await open('forms', 390)
    const box = page.getByRole('combobox', { name: 'Country' })
    expect(await box.inputValue()).toBe('Germany')
    const all = page.getByRole('listbox').getByRole('option')
    await box.click()
    await all.first().waitFor()
    expect(await all.count()).toBe(5)
    await box.fill('new z')
    await page.waitForFunction(() => document.querySelectorAll('[role=listbox] [role=option]').length === 1)
    expect(await serious(page)).toEqual([])
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('listbox').waitFor({ state: 'hidden' })
    expect(await box.inputValue()).toBe('Aotearoa New Zealand')
    expect(await violations()).toEqual([])
    expect(errors).toEqual([])
    await page.context().close()
  })

  it('the first stop leads to the content, and the drawer gives the focus back', async () => {
    const { page, violations } = await open('forms', 390)
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('ui-main')
    expect(page.url()).toContain('#/forms')
    await page.getByRole('button', { name: 'Menu', exact: true }).click()
    const drawer = page.getByRole('dialog', { name: 'Partywall' })
    await drawer.waitFor()
    expect(await serious(page)).toEqual([])
    await drawer.getByRole('link', { name: 'Tables' }).click()
    await drawer.waitFor({ state: 'hidden' })
    await page.getByRole('heading', { name: 'Tables', level: 1 }).waitFor()
    expect(await page.title()).toBe('Tables · Partywall')
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Menu')
    expect(await violations()).toEqual([])
    await page.context().close()
  })

  it('a table is sorted, and says so', async () => {
    const { page } = await open('tables', 1280)
    const head = page.getByRole('columnheader', { name: 'Tenant' }).first()
    expect(await head.getAttribute('aria-sort')).toBe('ascending')
    await head.getByRole('button').focus()
    await page.keyboard.press('Enter')
    expect(await head.getAttribute('aria-sort')).toBe('descending')
    expect(await page.getByRole('cell').first().textContent()).toBe('umbrella')
    await page.context().close()
  })
})

it('keeps the chosen theme over a reload, against what the system says', async () => {
  const { page } = await open('states', 1280, 'light')
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await ground()
  await page.getByRole('button', { name: 'Theme: system' }).click()
  await page.getByRole('button', { name: 'Theme: light' }).click()
  await page.getByRole('button', { name: 'Theme: dark' }).waitFor()
  const dark = await ground()
  expect(dark).not.toBe(light)
  await page.reload()
  await page.locator('.ui-page-title').waitFor()
  expect(await ground()).toBe(dark)
  await page.context().close()
})

it('shows a script as text, and runs none', async () => {
  const { page, errors } = await open('hostile', 390)
  await page.getByRole('button', { name: '<script>' }).first().click()
  await page.locator('.ui-toast').waitFor()
  expect(await overflow(page)).toBe(0)
  expect(await page.title()).not.toBe('owned')
  expect(await page.locator('#app script, #app img').count()).toBe(0)
  expect(await page.locator('.ui-page-subtitle').textContent()).toContain('<script>document.title = "owned"</script>')
  expect(errors).toEqual([])
  await page.context().close()
})

it('shows a tooltip to the keyboard, under the policy', async () => {
  const { page, violations } = await open('overlays', 1280)
  await page.getByRole('button', { name: 'about 10,000' }).focus()
  await page.getByRole('tooltip').waitFor({ state: 'attached' })
  await page.keyboard.press('Escape')
  await page.getByRole('tooltip').waitFor({ state: 'detached' })
  expect(await violations()).toEqual([])
  await page.context().close()
})
