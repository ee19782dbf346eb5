/** Debian's Chromium: browsers cannot be downloaded where this runs. */
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

/** CHROMIUM names another one. */
const program = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Whether it is installed. In CI its absence is a failure: there no test may be left out for it. */
export function hasChromium(): boolean {
  if (existsSync(program)) return true
  const advice = `Chromium is not installed, which the tests of pages need: apt-get install chromium`
  if (!['', 'false', '0', undefined].includes(process.env['CI']))
    throw new Error(`${advice}. In CI (the variable CI is set) they must run.`)
  process.stderr.write(`${advice}\n`)
  return false
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export interface Watched {
  readonly page: Page
  /** What the policy of the page refused. */
  violations(): Promise<string[]>
  /** What went wrong in the page's own script. */
  readonly errors: string[]
  /** Addresses that do not begin with the origin. */
  readonly strangers: string[]
}

/** A page of which it is known what it did. */
export async function watchedPage(browser: Browser, origin: string, options: BrowserContextOptions): Promise<Watched> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const errors: string[] = []
  const strangers: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text())
  })
  page.on('request', (request) => {
    const address = request.url()
    if (!address.startsWith(`${origin}/`) && !address.startsWith('data:')) strangers.push(address)
  })
  await page.addInitScript(() => {
    const found: string[] = []
    Object.assign(window, { policyViolations: found })
    addEventListener('securitypolicyviolation', (event) => {
      found.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`)
    })
  })
  const violations = () => page.evaluate(() => (window as unknown as { policyViolations: string[] }).policyViolations)
  return { page, violations, errors, strangers }
}
