/**
 * Takes a picture of each page of the console of the CRM that `npm run start:crm` has started, at both widths and in both themes:
 * `node packages/console/browser/pictures.ts <folder> [origin]`. Those of the docs are `docs/pictures`: `node packages/console/browser/pictures.ts docs/pictures --docs`.
 */
import { mkdir } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { launch } from '../../ui/browser/chromium.ts'

const [folder = 'pictures', ...rest] = process.argv.slice(2)
const isForDocs = rest.includes('--docs')
const origin = rest.find((word) => word.startsWith('http')) ?? 'http://admin.crm.localhost:3400'

const pages: Readonly<Record<string, string>> = {
  tenants: '/',
  'new-tenant': '/tenants/new',
  tenant: '/t/acme',
  domains: '/t/acme/domains',
  members: '/t/acme/members',
  settings: '/t/acme/settings',
  life: '/t/acme/life',
  tables: '/t/acme/tables',
  rows: '/t/acme/tables/customers',
  row: '/t/acme/tables/customers/1',
  'tenant-log': '/t/acme/log',
  migrations: '/migrations',
  drift: '/drift',
  log: '/log',
  operators: '/operators',
  jobs: '/jobs',
  health: '/health',
  'not-found': '/nothing',
}
const ofDocs = ['tenants', 'rows', 'migrations']

await mkdir(folder, { recursive: true })
const browser = await launch()
const looks = isForDocs
  ? ([[1280, 'light']] as const)
  : ([1280, 390] as const).flatMap((width) => [[width, 'light'] as const, [width, 'dark'] as const])
for (const [width, colorScheme] of looks) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(origin)
  await page.getByLabel('E-mail').waitFor()
  if (!isForDocs) await take(page, `sign-in-${width}-${colorScheme}`)
  await page.getByLabel('E-mail').fill('ops@crm.example')
  await page.getByLabel('Password').fill('password of operators')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('.ui-table').waitFor()
  for (const [name, path] of Object.entries(pages)) {
    if (isForDocs && !ofDocs.includes(name)) continue
    await page.goto(origin + path, { waitUntil: 'networkidle' })
    await take(page, isForDocs ? `console-${name}` : `${name}-${width}-${colorScheme}`)
  }
  await context.close()
}
await browser.close()

async function take(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: !isForDocs })
}
