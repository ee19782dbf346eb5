/** Browsers for the app with its built client, of which it is known what their pages did. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { until } from '../test/support.ts'

/** In a process of its own: the environment of a test would make a build for development of it. */
export async function buildClientOnce(): Promise<void> {
  const { NODE_ENV: _test, ...env } = process.env
  const build = `import { buildClient } from ${JSON.stringify(import.meta.resolve('../src/web/client-build.ts'))}; await buildClient()`
  await promisify(execFile)(process.execPath, ['--conditions=@partywall/source', '--input-type=module', '-e', build], { env })
}

export interface Seen {
  readonly page: Page
  /** Errors of scripts, and refusals of the policy: Chromium reports both. */
  readonly errors: string[]
  /** Requests to any other host than those of the app. */
  readonly strangers: string[]
  /** Dialogs that a script has opened. */
  readonly dialogs: string[]
}

export async function openPage(browser: Browser, apex: string, options: BrowserContextOptions = {}): Promise<Seen> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const { host, protocol } = new URL(apex)
  const [errors, strangers, dialogs] = [[] as string[], [] as string[], [] as string[]]
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    // A refused request is no error of the page; each test looks at those itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) errors.push(message.text())
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    const isOwn = url.protocol === protocol && (url.host === host || url.host.endsWith(`.${host}`))
    if (!isOwn && url.protocol !== 'data:') strangers.push(url.href)
  })
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message())
    void dialog.dismiss()
  })
  return { page, errors, strangers, dialogs }
}

/** Follows a link of the navigation. The page before stays until the next one is loaded, and may have fields and buttons of the same names. */
export async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name }).click()
  await page.getByRole('heading', { name, exact: true }).waitFor()
}

/** By how many pixels the page is wider than the window. */
export async function overflow(page: Page): Promise<number> {
  return (await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')) as number
}

/** Waits for what the page has asked for. Not by waitForFunction, which evaluates a text in the page: its policy refuses that. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  await until(
    () => page.locator('.ui-spinner, [aria-busy="true"]').count(),
    (count) => count === 0,
  )
}

/** What the page itself would get from its own host. */
export async function askFrom(page: Page, path: string): Promise<{ status: number; text: string }> {
  return (await page.evaluate(
    `fetch(${JSON.stringify(path)}).then(async (answer) => ({ status: answer.status, text: await answer.text() }))`,
  )) as { status: number; text: string }
}
