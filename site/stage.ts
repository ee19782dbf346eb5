/**
 * Copies what the site shows into one folder: the pages of docs/ at its top, and what they link to elsewhere in the repository. VitePress then reports
 * each link that leads nowhere.
 */
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, posix, relative, resolve } from 'node:path'
import { sections } from './pages.ts'

export const root = resolve(import.meta.dirname, '..')
export const staged = join(import.meta.dirname, '.stage')
const docs = join(root, 'docs')

export interface Page {
  /** Such as `orm/drizzle`. */
  readonly name: string
  readonly title: string
  readonly text: string
}

/** Returns the pages of docs/ in the order of the sections. */
export async function stage(): Promise<Page[]> {
  await rm(staged, { recursive: true, force: true })
  const pages = await Promise.all(namesOf(await filesIn(docs)).map(readPage))
  for (const { name, text } of pages) await put(`${name}.md`, withLinksOf(text, posix.join('docs', `${name}.md`)))
  await Promise.all([...linked].map(putLinked))
  await cp(join(import.meta.dirname, 'home.md'), join(staged, 'index.md'))
  await cp(join(import.meta.dirname, 'logo.svg'), join(staged, 'public/logo.svg'))
  return pages
}

function namesOf(files: readonly string[]): string[] {
  const written = files.filter((file) => file.endsWith('.md')).map((file) => file.slice(0, -3))
  const listed = sections.flatMap(({ pages }) => pages)
  const [unlisted, absent] = [written.filter((name) => !listed.includes(name)), listed.filter((name) => !written.includes(name))]
  if (unlisted.length > 0) throw new Error(`These pages of docs/ are in no section of site/pages.ts: ${unlisted.join(', ')}`)
  if (absent.length > 0) throw new Error(`site/pages.ts lists pages that docs/ does not have: ${absent.join(', ')}`)
  return listed
}

async function readPage(name: string): Promise<Page> {
  const text = await readFile(join(docs, `${name}.md`), 'utf8')
  return { name, text, title: /^# (.+)$/m.exec(text)?.[1] ?? name }
}

/** What is outside of docs/ and linked to: paths in the repository. */
const linked = new Set<string>()

/** A link out of docs/ becomes one to the copy; a link to a folder, one to its README. */
function withLinksOf(text: string, from: string): string {
  return text.replaceAll(/\]\((?![a-z]+:|#|\/)([^)\s#]+)(#[^)\s]*)?\)/g, (all, path: string, hash = '') => {
    const target = posix.join(posix.dirname(from), path)
    if (target.startsWith('docs/') && target.endsWith('.md')) return all
    const file = existsSync(join(root, target, 'README.md')) ? posix.join(target, 'README.md') : target
    if (!existsSync(join(root, file))) throw new Error(`${from} links to ${path}, which does not exist.`)
    linked.add(file)
    return `](/${addressOf(file)}${hash})`
  })
}

/** Pages are found without their ending; other files are shown as they are. */
function addressOf(file: string): string {
  return file.endsWith('.md')
    ? file.replace(/README\.md$/, 'readme').replace(/\.md$/, '')
    : `${file}.txt`.replace(/\.(png|svg)\.txt$/, '.$1')
}

async function putLinked(file: string): Promise<void> {
  if (!file.endsWith('.md')) {
    const target = join(staged, 'public', addressOf(file))
    await mkdir(dirname(target), { recursive: true })
    return cp(join(root, file), target, { recursive: true })
  }
  // Its own links lead to the repository, which is not here.
  const text = (await readFile(join(root, file), 'utf8')).replaceAll(/(?<!!)\[([^\]]+)\]\((?![a-z]+:|#)[^)\s]+\)/g, '$1')
  await put(`${addressOf(file)}.md`, text)
}

async function put(path: string, text: string): Promise<void> {
  const target = join(staged, path)
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target, text)
}

export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
}
