/** The folders of templates that a project is made of: `express` for the framework, `next+jwt` where both were chosen. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const templates = fileURLToPath(new URL('../templates', import.meta.url))

/** Paths with slashes, and the text of each template. A file of two parts would be a mistake of ours. */
export function templatesOf(features: ReadonlySet<string>): Map<string, string> {
  const files = new Map<string, string>()
  for (const part of readdirSync(templates)) {
    if (part !== 'base' && !part.split('+').every((word) => features.has(word))) continue
    const folder = join(templates, part)
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = join(entry.parentPath, entry.name)
      const path = relative(folder, file).split(sep).map(visible).join('/')
      if (files.has(path)) throw new Error(`Two templates are ${path}.`)
      files.set(path, readFileSync(file, 'utf8'))
    }
  }
  return files
}

/** npm leaves .gitignore out of packages, so these names begin with an underscore here. */
function visible(name: string): string {
  return name.replace(/^_/, '.')
}
