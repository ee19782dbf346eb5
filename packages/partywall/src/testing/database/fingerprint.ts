/** What the template of test databases depends on: another migration, seed or preparation gives another template. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PublicOptions } from '../../config/options.ts'
import { migrationSources } from '../../migrations/sources/sources.ts'
import { version } from '../../version.ts'

/** Sixteen hexadecimal digits. @param more what else the content of the template depends on */
export async function fingerprint(options: PublicOptions, more: readonly unknown[]): Promise<string> {
  const { shared, kinds } = migrationSources(options)
  const sources = [['shared', shared] as const, ...kinds]
  const migrations = await Promise.all(
    sources.map(async ([name, source]) => [name, (await source.list()).map((one) => [one.name, one.checksum])]),
  )
  const { sharedSchema, includeShared, extraSearchPath, boundary, warm, tenantIdSetting } = options
  const facts = [version, migrations, { sharedSchema, includeShared, extraSearchPath, boundary, warm, tenantIdSetting }]
  const text = JSON.stringify([...facts, options.migrations.template, await seedsOf(options), more.map(String)])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

async function seedsOf({ seeds }: PublicOptions): Promise<readonly (readonly [string, string])[]> {
  if (seeds === false) return []
  const entries = await readdir(seeds.folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(
    paths.toSorted().map(async (path) => [path.slice(seeds.folder.length), await readFile(path, 'utf8')] as const),
  )
}
