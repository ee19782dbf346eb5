/**
 * An upload of 5 GB to the disk, with a quota: how fast, and how much memory the process takes beyond what it had. Beside it, the same bytes by `pipeline` to a file,
 * synced: the floor.
 */
import { createWriteStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createTenancy } from 'partywall'
import { diskStore, tenantFiles } from 'partywall/files'
import type { Outcome } from '../measuring/outcome.ts'
import { rounded } from '../measuring/statistics.ts'

const gibibytes = 5
const size = gibibytes * 2 ** 30
const chunk = Buffer.alloc(2 ** 16, 7)

export async function files(url: string): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'partywall-bench-'))
  const tenancy = createTenancy({
    database: url,
    migrations: { shared: false, tenant: false },
    files: { store: diskStore(folder), quota: 2 * size },
  })
  try {
    const tenant = await tenancy.tenants.create({ schema: 'bench_files' })
    const put = await measured((body) => tenancy.run(tenant, () => tenantFiles(tenancy).put('large.bin', body)))
    await tenancy.tenants.delete('bench_files', { confirm: 'bench_files' })
    const floor = await measured(async (body) => {
      const path = join(folder, 'floor.bin')
      await pipeline(body, createWriteStream(path))
      const handle = await open(path, 'r+')
      await handle.sync()
      await handle.close()
    })
    return {
      tenants: 1,
      rounds: 1,
      ratios: { seconds: rounded(put.seconds / floor.seconds) },
      spread: {},
      figures: { gibibytes, put, floor },
    }
  } finally {
    await tenancy.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function measured(store: (body: Readable) => Promise<unknown>): Promise<{ seconds: number; moreMiB: number }> {
  const before = process.memoryUsage().rss
  let most = before
  const body = async function* (): AsyncGenerator<Buffer> {
    for (let sent = 0; sent < size; sent += chunk.byteLength) {
      if (sent % 2 ** 24 === 0) most = Math.max(most, process.memoryUsage().rss)
      yield chunk
    }
  }
  const begin = performance.now()
  await store(Readable.from(body(), { objectMode: false }))
  return { seconds: rounded((performance.now() - begin) / 1000), moreMiB: rounded((most - before) / 2 ** 20) }
}
