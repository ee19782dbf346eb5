/** Takes a picture of each page of the gallery, at both widths and in both themes: `node packages/ui/browser/pictures.ts <folder>`. */
import { launch, watchedPage } from './chromium.ts'
import { galleryServer } from './gallery-server.ts'

const folder = process.argv[2] ?? 'gallery'
await using server = await galleryServer()
const browser = await launch()
for (const width of [1280, 390]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await watchedPage(browser, server.origin, {
      viewport: { width, height: 900 },
      colorScheme,
      reducedMotion: 'reduce',
    })
    for (const name of ['actions', 'forms', 'overlays', 'tables', 'states', 'plots', 'hostile']) {
      await page.goto(`${server.origin}/#/${name}`)
      await page.reload()
      await page.locator('.ui-page-title').waitFor()
      await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: name !== 'hostile' })
    }
    await page.context().close()
  }
}
await browser.close()
