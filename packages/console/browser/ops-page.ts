/** Pages of the console in Chromium, and what each of them must hold: no policy broken, nothing from elsewhere, usable without a mouse and on a phone. */
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { watchedPage, type Watched } from '../../ui/browser/chromium.ts'
import { serious } from '../../ui/browser/serious.ts'

export async function openPage(browser: Browser, origin: string, path: string, width = 1280): Promise<Watched> {
  const watched = await watchedPage(browser, origin, { viewport: { width, height: 900 }, reducedMotion: 'reduce' })
  watched.page.setDefaultTimeout(20_000)
  watched.page.on('dialog', (dialog) => watched.errors.push(`a dialog: ${dialog.message()}`))
  await watched.page.goto(`${origin}${path}`)
  await watched.page.locator('.ui-page-title').waitFor()
  return watched
}

export async function expectSound({ page, violations, errors, strangers }: Watched): Promise<void> {
  expect(await serious(page)).toEqual([])
  expect(await violations()).toEqual([])
  expect(errors).toEqual([])
  expect(strangers).toEqual([])
  expect(await tooWide(page)).toBe(0)
}

/** By how many pixels the page is wider than the window. */
function tooWide(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth))
}
