/**
 * Each operation of a tenant's life is ended before each of its statements in turn: the process is gone, or the server process of the connection. Afterwards the
 * database is as before or as after the operation, or the tenant says what is missing, and a call completes it. Nothing else is left: no schema, no role, no domain,
 * no lock, no row of the catalog.
 *
 * By default each operation under one boundary and before every nineteenth statement; with PARTYWALL_KILLS=all under both, and before each.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { testDatabase, type TestDatabase } from '../support/servers/database.ts'
import { statementRelayForTest } from '../support/servers/statement-relay.ts'
import { contentOf, newEntries, waitUntilQuiet, type Content } from './kills/content.ts'
import { ground, type Ground } from './kills/ground.ts'
import { needs, operations } from './kills/operations.ts'

const isAll = process.env['PARTYWALL_KILLS'] === 'all'
const stride = isAll ? 1 : 19
const databases: Record<'path' | 'role', TestDatabase> = { path: await testDatabase(), role: await testDatabase() }

describe.each(['path', 'role'] as const)('under the boundary %s', (boundary) => {
  const { directUrl } = databases[boundary]
  let here: Ground
  beforeAll(async () => {
    here = await ground(boundary, databases[boundary])
  })
  afterAll(() => here.end())

  // The tests below end the connections of a process that lives.
  const within =
    boundary === 'path' ? { 'adopt tables': 'set schema', clone: 'overriding system value' } : { archive: 'rename to' }
  test.each(Object.entries(within))(
    '%s leaves nothing when the system kills its process and the statement "%s" still arrives',
    async (name, text) => {
      const { admin, own, configFor } = here
      const relay = await statementRelayForTest(directUrl)
      const before = await contentOf(admin)
      const config = configFor({ app: relay.through(own.app), deploy: relay.through(own.deploy) })
      const program = fileURLToPath(new URL('kills/run-one.ts', import.meta.url))
      const child = spawn(process.execPath, [...process.execArgv, program, JSON.stringify(config), name], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      const exited = once(child, 'exit')
      let isReached = false
      relay.watch(async (sent): Promise<'pass'> => {
        if (isReached || !sent.text.includes(text)) return 'pass'
        isReached = true
        child.kill('SIGKILL')
        await exited
        return 'pass'
      })
      expect(await exited).toEqual([null, 'SIGKILL'])
      await waitUntilQuiet(admin)
      expect([isReached, await contentOf(admin)]).toEqual([true, before])
    },
  )

  const names = Object.keys(operations).filter((_, index) => isAll || index % 2 === (boundary === 'path' ? 0 : 1))

  test.each(names)('%s is complete, undone or resumed, whenever its process or its connection ends', async (name) => {
    const { admin, own, open } = here
    const operation = operations[name]!
    const relay = await statementRelayForTest(directUrl)
    const relayed = { ...own, app: relay.through(own.app), deploy: relay.through(own.deploy) }
    const verifier = open(operation.config)
    onTestFinished(() => verifier.close())
    await needs[name]?.(verifier)
    // Once without a disturbance, so that both states have been there before.
    await operation.run(verifier)
    await operation.undo(verifier, admin)
    const before = await contentOf(admin)
    const entries = await newEntries(admin)
    await operation.run(verifier)
    const [after, recorded] = [await contentOf(admin), await entries()]
    expect(after).not.toEqual(before)
    await operation.undo(verifier, admin)
    expect(await contentOf(admin)).toEqual(before)

    for (const victim of ['process', 'connection'] as const) {
      // The two begin at different statements, so that they meet more of them together.
      for (let number = isAll || victim === 'process' ? 1 : 6, isReached = true; isReached; number += stride) {
        await entries()
        isReached = false
        let place = ''
        const tenancy = open(operation.config, relayed)
        await tenancy.ready()
        relay.watch(async ({ number: current, text, pid }) => {
          if (current !== number) return 'pass'
          isReached = true
          place = `the ${victim} ended before statement ${number}: ${text.slice(0, 200)}`
          if (victim === 'process') return 'cut'
          await admin.query('select pg_terminate_backend($1, 5000)', [pid])
          return 'pass'
        })
        const error = await operation.run(tenancy).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        relay.rest()
        await tenancy.close()
        await waitUntilQuiet(admin)
        const content = await contentOf(admin)
        if (isEqual(content, before)) {
          expect([place, error]).toEqual([place, expect.any(Error)])
          expect([place, await entries()]).toEqual([place, []])
          continue
        }
        if (isEqual(content, after)) expect([place, await entries()]).toEqual([place, recorded])
        else {
          expect([place, error]).toEqual([place, expect.any(Error)])
          if (operation.resume === undefined) expect({ place, content }).toEqual({ place, content: after })
          await operation.resume!(verifier)
          expect({ place, content: await contentOf(admin) }).toEqual({ place, content: after })
        }
        await operation.undo(verifier, admin)
        expect({ place, content: await contentOf(admin) }).toEqual({ place, content: before })
      }
    }
  })
})

function isEqual(one: Content, other: Content): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
