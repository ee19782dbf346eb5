/** Another process that suspends and activates a tenant, and says when it has done so. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createTenancy } from 'partywall'

type Status = 'suspend' | 'activate'

export interface Elsewhere {
  /** Resolves when the change is committed, to that moment in the time of `clock`. */
  set(schema: string, status: Status): Promise<number>
  close(): void
}

/** Milliseconds in the same time for all processes of a machine. */
export function clock(): number {
  return performance.timeOrigin + performance.now()
}

export function startElsewhere(url: string): Elsewhere {
  const child = fork(fileURLToPath(import.meta.url), [url], { stdio: 'inherit' })
  return {
    async set(schema, status) {
      child.send({ schema, status })
      const [committed] = await once(child, 'message')
      return committed
    },
    close: () => void child.kill(),
  }
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  const tenancy = createTenancy({ database: process.argv[2]! })
  process.on('message', async ({ schema, status }: { schema: string; status: Status }) => {
    await tenancy.tenants[status](schema)
    process.send!(clock())
  })
}
