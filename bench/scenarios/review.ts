/**
 * Reads and reviews 1,000 files of four statements each, in a process that has done neither before: what a person waits for before the first
 * migration runs. `milliseconds` is the whole; of it, `reading` is the files alone. Uses no database.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Outcome } from '../measuring/outcome.ts'
import { median, rounded } from '../measuring/statistics.ts'

const files = 1000
const rounds = 7

export async function review(): Promise<Outcome> {
  const root = await mkdtemp(join(tmpdir(), 'partywall-bench-'))
  const folder = join(root, 'migrations/tenant')
  try {
    await mkdir(folder, { recursive: true })
    for (let number = 1; number <= files; number++) {
      await writeFile(join(folder, `${String(number).padStart(4, '0')}_table.sql`), fileOf(number))
    }
    const seen: { reading: number; milliseconds: number }[] = []
    for (let round = 0; round < rounds; round++) seen.push(await inNewProcess(folder))
    const figure = (of: 'reading' | 'milliseconds'): number => rounded(median(seen.map((one) => one[of])))
    return {
      tenants: 0,
      rounds,
      ratios: {},
      spread: {},
      figures: { files, reading: figure('reading'), milliseconds: figure('milliseconds') },
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

function fileOf(number: number): string {
  return `
    create table t${number} (id integer generated always as identity primary key, a text not null default 'x', b timestamptz default now());
    create index t${number}_a on t${number} (a, b);
    alter table t${number} add column z integer;
    insert into t${number} (a) values ('q')`
}

async function inNewProcess(folder: string): Promise<{ reading: number; milliseconds: number }> {
  const program = `
    import { folderSource } from '${urlOf('migrations/sources/folder/folder.ts')}'
    import { review } from '${urlOf('migrations/plan/reviews.ts')}'
    const source = folderSource(${JSON.stringify(folder)})
    const options = { sharedSchema: 'public', includeShared: true, extraSearchPath: [] }
    const started = performance.now()
    const migrations = await source.list()
    const reading = performance.now() - started
    await review({ options, sources: { shared: { name: 'shared' } } }, source, migrations, false)
    console.log(JSON.stringify({ reading, milliseconds: performance.now() - started }))`
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, '--input-type=module', '--eval', program])
  return JSON.parse(stdout)
}

function urlOf(path: string): string {
  return new URL(`../../packages/partywall/src/${path}`, import.meta.url).href
}
