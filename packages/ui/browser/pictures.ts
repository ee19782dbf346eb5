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
    await page.goto(`${server.origin}/#/overlays`)
    await page.reload()
    await page.getByRole('button', { name: 'Good' }).click()
    await page.getByRole('button', { name: 'Bad' }).click()
    for (const name of ['Rename…', 'A long one…', 'Delete…']) {
      await page.getByRole('button', { name }).click()
      await page.getByRole('dialog').waitFor()
      await page.screenshot({ path: `${folder}/dialog-${name.slice(0, 3)}-${width}-${colorScheme}.png` })
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
    }
    await page.goto(`${server.origin}/#/actions`)
    await page.getByRole('button', { name: 'Actions', exact: true }).focus()
    await page.keyboard.press('ArrowDown')
    await page.getByRole('menu').waitFor()
    await page.screenshot({ path: `${folder}/menu-${width}-${colorScheme}.png` })
    await page.keyboard.press('Escape')
    await page.goto(`${server.origin}/#/forms`)
    await page.getByRole('combobox', { name: 'Country' }).click()
    await page.getByRole('listbox').waitFor()
    await page.screenshot({ path: `${folder}/combobox-${width}-${colorScheme}.png` })
    await page.keyboard.press('Escape')
    if (width < 960) {
      await page.getByRole('button', { name: 'Menu', exact: true }).click()
      await page.getByRole('dialog').waitFor()
      await page.screenshot({ path: `${folder}/drawer-${width}-${colorScheme}.png` })
    }
    await page.context().close()
  }
}
await browser.close()
