import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ownServer } from '../support/servers/own-server.ts'
import { backendOf, comesToRest, isLoss, within } from '../support/pools/rest.ts'
import { isPooled, ownRoute } from '../support/servers/route.ts'
import { twoTenantsOn } from '../support/tenants/two-tenants.ts'
import { inEveryState } from './in-every-state.ts'
import { prepareStates } from './states.ts'

const server = await ownServer()
const { url, withServerConnections } = await ownRoute(server.url)
const tenants = await twoTenantsOn({ url, directUrl: server.url })
const { a, b, scope, makePool, admin } = tenants
await prepareStates(admin)

const owner = 'select owner from items where id = 1'

describe.each(['fast', 'immediate'] as const)('a server that is restarted (%s)', (how) => {
  test('ends the work in every state at once, and serves all callers afterwards', async () => {
    await withServerConnections(40, () =>
      inEveryState(tenants, {
        async end() {
          await server.stop(how)
          await server.start()
        },
        isBoundToSession: !isPooled,
      }),
    )
  })

  test('lets no caller wait indefinitely while it is down', async () => {
    const pool = makePool({ max: 3, connectionTimeoutMillis: 1500 })
    await comesToRest(pool, tenants)
    await server.stop(how)
    const asked = Array.from({ length: 8 }, (_, index) => [a, b][index % 2]!)
    const callers = asked.map((tenant) => scope.run(tenant, () => pool.query(owner)))
    const settled = Promise.allSettled(callers)
    await sleep(isPooled ? 500 : 3000)
    // On a direct connection every caller has its error by now. A pooler lets its clients wait for the server.
    if (!isPooled) expect({ total: pool.totalCount, waiting: pool.waitingCount }).toEqual({ total: 0, waiting: 0 })
    await server.start()
    for (const [index, answer] of (await within(20_000, settled)).entries()) {
      if (answer.status === 'fulfilled') expect(answer.value.rows).toEqual([{ owner: asked[index]!.schema }])
      else if (!/stayed busy|timeout/.test(String(answer.reason)) && !isLoss(answer.reason)) throw answer.reason
    }
    await comesToRest(pool, tenants)
  })
})

test('a pool survives the crash of one backend, after which the server ends all others as well', async () => {
  const pool = makePool({ max: 4 })
  const clients = await Promise.all([a, b, a].map((tenant) => scope.run(tenant, () => pool.connect())))
  const pid = await scope.run(a, () => backendOf(clients[0]!))
  process.kill(pid, 'SIGKILL')
  const waiting = [b, a].map((tenant) => scope.run(tenant, () => pool.query(owner)).catch((error: unknown) => error))
  await within(10_000, Promise.all(waiting))
  for (const client of clients) client.release()
  await comesToRest(pool, tenants)
})
