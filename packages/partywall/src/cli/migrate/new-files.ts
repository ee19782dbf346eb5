/** What a generator has written into folders: the files that were not there before, or that have changed. */
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Generator } from './generators.ts'

export class NewFiles {
  readonly #folders: readonly string[]
  readonly #before: ReadonlyMap<string, number>

  private constructor(folders: readonly string[], before: ReadonlyMap<string, number>) {
    this.#folders = folders
    this.#before = before
  }

  static async before(folders: readonly string[]): Promise<NewFiles> {
    return new NewFiles(folders, await filesBelow(folders))
  }

  /**
   * The new migration, or null.
   * @param expected the file that the tool was told to write. It is removed when it holds only comments, because nothing has changed
   */
  async made(expected: Generator['file']): Promise<string | null> {
    if (expected !== undefined) await settle(expected)
    const files = await filesBelow(this.#folders)
    return [...files.keys()].find((path) => !this.#before.has(path) && holdsMigration.test(path)) ?? null
  }

  /** The name of a database that is dropped must stay nowhere: neither in what was written, nor as the name of a snapshot. */
  async rename(from: string, to: string): Promise<void> {
    for (const [path, changed] of await filesBelow(this.#folders)) {
      if (this.#before.get(path) === changed) continue
      const text = await readFile(path, 'utf8')
      if (text.includes(from))
        await writeFile(
          path,
          text.replaceAll(from, () => to),
        )
      const name = basename(path)
      if (name.includes(from))
        await rename(
          path,
          join(
            dirname(path),
            name.replaceAll(from, () => to),
          ),
        )
    }
  }
}

/** With the time of their last change. */
async function filesBelow(folders: readonly string[]): Promise<Map<string, number>> {
  const files = new Map<string, number>()
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name)
      files.set(path, (await stat(path)).mtimeMs)
    }
  }
  return files
}

/** Not the snapshot and the journal that a tool writes beside it. */
const holdsMigration = /\.(?:sql|[cm]?[jt]s)$/

async function settle({ path, beside }: NonNullable<Generator['file']>): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return
  if (text.replaceAll(/^\s*--.*$/gm, '').trim() === '') await rm(dirname(path), { recursive: true })
  // The flag refuses to write a file that is there.
  else await writeFile(beside.path, beside.text, { flag: 'wx' }).catch(() => {})
}
