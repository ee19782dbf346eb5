/** One deploy in a process that does nothing else, so that its memory can be measured. Started by the scenario `migrate-many`. */
import { readFileSync } from 'node:fs'
import { assertFleetOk, createTenancy } from 'partywall'
import { rounded } from '../measuring/statistics.ts'

export interface Deploy {
  readonly url: string
  readonly folder: string
}

export interface Cost {
  readonly seconds: number
  /** Peak memory of the process of the deploy. */
  readonly processMiB: number
}

process.once('message', (deploy) => void deployHere(deploy as Deploy).then((cost) => process.send!(cost)))

async function deployHere({ url, folder }: Deploy): Promise<Cost> {
  const started = performance.now()
  await using tenancy = createTenancy({ database: url, root: folder, migrations: { shared: false, tenant: '.' } })
  assertFleetOk(await tenancy.migrations.run())
  return {
    seconds: rounded((performance.now() - started) / 1000),
    processMiB: rounded(peakMiB()),
  }
}

/** Peak memory of this program alone: process.resourceUsage() also counts the process that forked it. */
function peakMiB(): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024
  } catch {
    return process.memoryUsage.rss() / 2 ** 20
  }
}
