/** One deploy in a process that holds nothing else, so that what it takes can be told. Started by the scenario `migrate-many`. */
import { readFileSync } from 'node:fs'
import { assertFleetOk, createTenancy } from 'partywall'
import { rounded } from '../measuring/rounds.ts'

export interface Deploy {
  readonly url: string
  readonly folder: string
}

export interface Cost {
  readonly seconds: number
  /** The most that the process of the deploy held at a time. */
  readonly processMiB: number
}

process.once('message', (deploy) => void deployHere(deploy as Deploy).then((cost) => process.send!(cost)))

async function deployHere({ url, folder }: Deploy): Promise<Cost> {
  const started = performance.now()
  await using tenancy = createTenancy({ database: url, root: folder, migrations: { shared: 'none', tenant: '.' } })
  assertFleetOk(await tenancy.migrations.run())
  return {
    seconds: rounded((performance.now() - started) / 1000),
    processMiB: rounded(highestMiB()),
  }
}

/** Of this program alone: what resourceUsage says counts the process that forked it, too. */
function highestMiB(): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024
  } catch {
    return process.memoryUsage.rss() / 2 ** 20
  }
}
