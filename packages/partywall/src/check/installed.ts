/** The copies of a package that the code of a project can load: from node_modules beside the project and above it, and from packages in it. */
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'

export interface Copy {
  readonly version: string
  /** Its folder, without symbolic links. */
  readonly folder: string
  /** What loads it, for a sentence. */
  readonly users: readonly string[]
}

/** Every copy of the package, that of the application first. Reads folders, two levels of names in each node_modules, and no file but package.json. */
export function copiesOf(name: string, root: string, ownFile: string): Copy[] {
  const users = new Map<string, string[]>()
  const add = (folder: string | undefined, user: string): void => {
    if (folder === undefined) return
    const seen = users.get(folder) ?? []
    if (!seen.includes(user)) users.set(folder, [...seen, user])
  }
  add(folderOf(name, join(root, 'package.json')), 'the application')
  if (name !== 'partywall') add(folderOf(name, ownFile), 'partywall')
  const visited = new Set<string>()
  for (const folder of modulesAbove(root)) addNested(folder, '', 0)
  return [...users].map(([folder, by]) => ({
    folder,
    users: by,
    version: manifestOf(folder)?.version ?? 'of an unknown version',
  }))

  function addNested(modules: string, parent: string, depth: number): void {
    for (const dependent of namesIn(modules)) {
      // Workspaces link to each other in circles.
      const nested = real(join(modules, dependent, 'node_modules'))
      if (nested === undefined || visited.has(nested)) continue
      visited.add(nested)
      const path = parent === '' ? dependent : `${parent} > ${dependent}`
      const copy = real(join(nested, name))
      if (copy !== undefined && manifestOf(copy)?.name === name) add(copy, path)
      addNested(nested, path, depth + 1)
    }
    // pnpm keeps each package once, in a folder of its own, beside what it depends on; others link to it.
    if (depth > 0) return
    const store = join(modules, '.pnpm')
    for (const entry of entriesOf(store)) {
      if (entry.startsWith(`${name.replace('/', '+')}@`))
        add(real(join(store, entry, 'node_modules', name)), `${relative(dirname(modules), join(store, entry))}`)
    }
  }
}

/** The folder of the package that this file would load; undefined where it finds none. */
export function folderOf(name: string, file: string): string | undefined {
  for (const modules of createRequire(file).resolve.paths(name) ?? []) {
    const folder = real(join(modules, name))
    if (folder !== undefined && manifestOf(folder)?.name === name) return folder
  }
  return undefined
}

export interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** The package.json in this folder; undefined where there is none, or none that can be read. */
export function manifestOf(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  } catch {
    return undefined
  }
}

function modulesAbove(root: string): string[] {
  const folders: string[] = []
  for (let at = root; ; at = dirname(at)) {
    folders.push(join(at, 'node_modules'))
    if (at === dirname(at)) return folders
  }
}

/** The packages in a node_modules, `@scope/name` among them. */
function namesIn(modules: string): string[] {
  return entriesOf(modules).flatMap((entry) => {
    if (entry.startsWith('.')) return []
    return entry.startsWith('@') ? entriesOf(join(modules, entry)).map((name) => `${entry}/${name}`) : [entry]
  })
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
