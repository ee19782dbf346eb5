/** The SQL of a page in docs/, so that a test runs what a reader copies. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from './declarations.ts'

/** The blocks of SQL in their order. A word that is a key of `names` becomes its value, quoted: roles belong to the whole server. */
export async function sqlOfPage(path: string, names: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const page = await readFile(join(root, path), 'utf8')
  const blocks = [...page.matchAll(/^( *)```sql\n([\s\S]*?)^\1```/gm)].map((block) => block[2]!)
  if (Object.keys(names).length === 0) return blocks
  const words = new RegExp(`\\b(?:${Object.keys(names).join('|')})\\b`, 'g')
  return blocks.map((text) => text.replaceAll(words, (name) => `"${names[name]}"`))
}
