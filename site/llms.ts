/** `llms.txt`: the pages with what each is for, for programs that read the docs; beside it, each page as it is written. */
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sections } from './pages.ts'
import { root, type Page } from './stage.ts'

export async function writeLlms(pages: readonly Page[], site: string): Promise<void> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const described = new Map(
    [...readme.matchAll(/\]\(docs\/([\w/-]+)\.md\)[^|]*\|\s*(.+?)\s*\|$/gm)].map(([, name, text]) => [name, text]),
  )
  const list = sections.map(({ title, pages: names }) => {
    const lines = names.map((name) => {
      const about = described.get(name)
      return `- [${titleOf(name)}](/${name}.md)${about === undefined ? '' : `: ${about}`}`
    })
    return `## ${title}\n\n${lines.join('\n')}\n`
  })
  const summary = readme.split('\n').slice(2, 4).join(' ')
  await writeFile(join(site, 'llms.txt'), `# partywall\n\n> ${summary}\n\n${list.join('\n')}`)
  await writeFile(join(site, 'llms-full.txt'), pages.map(({ text }) => text).join('\n\n'))
  for (const { name } of pages) await cp(join(root, 'docs', `${name}.md`), join(site, `${name}.md`))

  function titleOf(name: string): string {
    return pages.find((page) => page.name === name)?.title ?? name
  }
}
