/** The steps that build partywall's own tables: the numbered files of the folder `sql`, which is copied beside the built code. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'

export interface CatalogMigration {
  readonly number: number
  readonly name: string
  readonly checksum: string
  readonly text: string
}

const folder = new URL('./sql/', import.meta.url)

let loaded: Promise<readonly CatalogMigration[]> | undefined

/** All steps in order, read once per process. */
export function catalogMigrations(): Promise<readonly CatalogMigration[]> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<readonly CatalogMigration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{4}-.+\.sql$/.test(file)).toSorted()
  return Promise.all(
    files.map(async (file) => {
      const text = (await readFile(new URL(file, folder), 'utf8')).replaceAll('\r\n', '\n')
      const checksum = createHash('sha256').update(text).digest('hex')
      return Object.freeze({ number: Number(file.slice(0, 4)), name: file.slice(0, -'.sql'.length), checksum, text })
    }),
  )
}
