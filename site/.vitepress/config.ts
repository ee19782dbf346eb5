/** The site of docs/: offline, with a search in the browser. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitepress'
import { sections } from '../pages.ts'

const staged = join(import.meta.dirname, '../.stage')

export default defineConfig({
  lang: 'en',
  title: 'partywall',
  description: 'Schema-per-tenant multi-tenancy for PostgreSQL in TypeScript.',
  srcDir: '.stage',
  outDir: 'dist',
  cleanUrls: true,
  // What looks like an element in a page is text.
  markdown: { html: false },
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/logo.svg' }]],
  themeConfig: {
    logo: '/logo.svg',
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Guide', link: '/getting-started' },
      { text: 'Command line', link: '/command-line' },
      { text: 'Errors', link: '/errors' },
      { text: 'Reference', link: '/reference/' },
    ],
    sidebar: {
      '/reference/': [{ text: 'Import paths', items: importPaths() }],
      '/': sections.map(({ title, pages }) => ({
        text: title,
        collapsed: false,
        items: pages.map((name) => ({ text: titleOf(name), link: `/${name}` })),
      })),
    },
  },
})

function titleOf(name: string): string {
  const text = readFileSync(join(staged, `${name}.md`), 'utf8')
  return /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? name
}

function importPaths(): { text: string; link: string }[] {
  const folder = join(staged, 'reference')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && file !== 'index.md')
    .map((file) => file.slice(0, -3))
    .toSorted()
    .map((path) => ({ text: path, link: `/reference/${path}` }))
}
