/** Takes a picture of each page, at both widths and in both themes, of the app that `npm run start:crm` has started: `node examples/crm/browser/pictures.ts <folder> [origin]`. */
import { mkdir } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { launch } from '../../../packages/ui/browser/chromium.ts'

const [folder = 'pictures', origin = 'http://crm.localhost:3400', only = ''] = process.argv.slice(2)
const tenant = origin.replace('//', '//acme.')
await mkdir(folder, { recursive: true })
const browser = await launch()

const publicPages = ['/', '/prices', '/sign-up?plan=growth', '/sign-in', '/nothing']
const pages = [
  '/',
  '/customers',
  '/customers/1',
  '/leads',
  '/leads/list',
  '/leads/1',
  '/projects',
  '/projects/1',
  '/tasks',
  '/notes',
  '/files',
  '/imports',
  '/people',
  '/settings',
  '/settings/billing',
  '/settings/account',
  '/customers/999999',
]
for (const width of [1280, 390]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, reducedMotion: 'reduce' })
    const page = await context.newPage()
    const take = async (name: string, fullPage = true): Promise<void> => {
      if (only === '' || name.includes(only))
        await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage })
    }
    for (const path of publicPages) {
      await page.goto(origin + path, { waitUntil: 'networkidle' })
      await take(`site${nameOf(path)}`)
    }
    await page.goto(`${tenant}/sign-in`, { waitUntil: 'networkidle' })
    await take('sign-in')
    await page.getByLabel('E-mail').fill('ada@acme.example')
    await page.getByLabel('Password').fill('password of acme')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Dashboard' }).waitFor()
    for (const path of pages) {
      await page.goto(tenant + path, { waitUntil: 'networkidle' })
      await take(`app${nameOf(path)}`)
    }
    await takeOverlays(page, take)
    await context.close()
  }
}
await browser.close()

async function takeOverlays(page: Page, take: (name: string, fullPage?: boolean) => Promise<void>): Promise<void> {
  await page.goto(`${tenant}/customers`, { waitUntil: 'networkidle' })
  await page.getByRole('button', { name: 'New customer' }).click()
  await page.getByRole('dialog').waitFor()
  await take('dialog-customer', false)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Search everything' }).fill('ma')
  await page.getByRole('option').first().waitFor()
  await take('dialog-search', false)
}

function nameOf(path: string): string {
  return path.replace(/\?.*/, '').replaceAll('/', '-').replace(/-$/, '')
}
