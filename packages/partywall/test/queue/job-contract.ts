/**
 * What every adapter of a queue promises: a job runs in the scope that it was added in, or nowhere. A driver adds jobs to a real queue and works on them with the adapter.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Tenancy } from '../../src/index.ts'

/** The work that a driver gives to the adapter: by the name of the job. */
export type Tasks = Readonly<Record<'note' | 'nest' | 'fail', (data: any) => Promise<unknown>>>

export interface JobDriver {
  /** Adds a job in the current scope. `key`: it takes the place of a job with the same key that waits. */
  add(name: keyof Tasks, data: object, key?: string): Promise<unknown>
  /** Adds a job with exactly this payload, as code without the adapter could. */
  addRaw(name: keyof Tasks, payload: object): Promise<unknown>
  /** Payloads that wait, as the queue holds them; none of them has been taken, as the worker has not started. */
  waiting(name: keyof Tasks): Promise<Record<string, any>[]>
  /** Begins to work. */
  start(tasks: Tasks): Promise<void>
  /** Ends the work, when the jobs that run are done. */
  stop(): Promise<void>
  /** Messages of jobs that will not be tried again. */
  dead(): Promise<string[]>
  /** Makes jobs that wait for another attempt due now. */
  hurry(): Promise<unknown>
  /** Removes all jobs. */
  clear(): Promise<unknown>
}

export function describeJobs(tenancy: Tenancy, driver: JobDriver): void {
  const notes: string[] = []
  const rowsOf = (schema: string): Promise<string[]> =>
    tenancy.run(schema, async () => {
      const { rows } = await tenancy.pool.query<{ text: string }>('select text from notes order by text')
      return rows.map(({ text }) => text)
    })
  const note = async ({ text }: { text: string }): Promise<void> => {
    notes.push(`${tenancy.tryCurrent()?.schema ?? tenancy.scope()?.kind ?? 'none'}: ${text}`)
    if (tenancy.tryCurrent() !== undefined) await tenancy.pool.query('insert into notes (text) values ($1)', [text])
  }
  let failures = 0
  const tasks: Tasks = {
    note,
    nest: ({ text }) => driver.add('note', { text: `${text} nested` }),
    fail: async ({ text }) => {
      if (failures++ === 0) throw new Error('the first attempt fails')
      await note({ text })
    },
  }
  const worked = async (expected: () => Promise<boolean> | boolean): Promise<void> => {
    await driver.start(tasks)
    try {
      await until(expected)
    } finally {
      await driver.stop()
    }
  }
  const fresh = async (...schemas: string[]): Promise<void> => {
    await driver.clear()
    notes.length = 0
    for (const schema of schemas) {
      const found = await tenancy.tenants.find({ schema })
      if (found === undefined) await tenancy.tenants.create({ schema })
      await tenancy.run(schema, () => tenancy.pool.query('truncate notes'))
    }
  }

  describe('jobs', () => {
    test('run in the tenant that added them, with the same keys, and their nested jobs and retries do, too', async () => {
      await fresh('acme', 'globex')
      failures = 0
      for (const schema of ['acme', 'globex']) {
        await tenancy.run(schema, async () => {
          await driver.add('note', { text: `of ${schema}` }, 'daily')
          await driver.add('nest', { text: `of ${schema}` })
        })
      }
      await tenancy.run('globex', () => driver.add('fail', { text: 'second attempt' }))
      await worked(async () => {
        await driver.hurry()
        return notes.length === 5
      })
      expect(await rowsOf('acme')).toEqual(['of acme', 'of acme nested'])
      expect(await rowsOf('globex')).toEqual(['of globex', 'of globex nested', 'second attempt'])
      expect(await driver.dead()).toEqual([])
    })

    test('of the shared side are added in the shared scope, and outside of every scope none is', async () => {
      await fresh('acme')
      await expect(driver.add('note', { text: 'for whom' })).rejects.toMatchObject({ code: 'NO_TENANT' })
      await tenancy.runShared(() => driver.add('note', { text: 'for all' }))
      await worked(() => notes.length === 1)
      expect(notes).toEqual(['shared: for all'])
    })

    test('that were changed, copied or made without the adapter are refused, and never run', async () => {
      await fresh('acme', 'globex')
      const globex = await tenancy.tenants.get('globex')
      await tenancy.run('acme', () => driver.add('note', { text: 'of acme' }))
      const [genuine] = await driver.waiting('note')
      await driver.clear()
      const { partywall: stamp } = genuine!
      const forged = [
        { ...genuine, partywall: { ...stamp, tenant: globex.id } },
        { ...genuine, partywall: { ...stamp, tenant: globex.id, schema: 'globex', generation: globex.generation } },
        { ...genuine, partywall: { tenant: null, queue: stamp.queue, mac: stamp.mac } },
        { ...genuine, data: { text: 'of another' } },
        { ...genuine, partywall: { ...stamp, mac: '' } },
      ]
      for (const payload of forged) await driver.addRaw('note', payload)
      await driver.addRaw('note', { text: 'without a stamp' })
      await driver.addRaw('note', { partywall: { tenant: 'acme' }, data: { text: 'half a stamp' } })
      // The stamp of one kind of job does not fit another kind.
      await driver.addRaw('nest', genuine!)
      await worked(async () => (await driver.dead()).length === forged.length + 3)
      expect(notes).toEqual([])
      const dead = await driver.dead()
      expect(dead.filter((message) => message.includes('has a stamp that does not fit'))).toHaveLength(forged.length + 1)
      expect(dead.filter((message) => message.includes('has no stamp'))).toHaveLength(2)
      expect(dead.join()).not.toContain('of another')
    })

    test('of a tenant that is suspended or gone are refused; in maintenance they wait; renamed, they go with it', async () => {
      await fresh('acme', 'stopped', 'gone', 'busy', 'before')
      for (const schema of ['stopped', 'gone', 'busy', 'before'])
        await tenancy.run(schema, () => driver.add('note', { text: `of ${schema}` }))
      await tenancy.tenants.suspend('stopped')
      await tenancy.tenants.setMaintenance('busy')
      await tenancy.tenants.rename('before', { schema: 'after' })
      await tenancy.tenants.delete('gone', { confirm: 'gone' })
      await worked(async () => (await driver.dead()).length === 2 && notes.length === 1)
      expect(notes).toEqual(['after: of before'])
      expect((await driver.dead()).toSorted()).toEqual([
        expect.stringContaining('belongs to a tenant that does not exist any more'),
        expect.stringContaining('belongs to a tenant that is suspended'),
      ])
      await tenancy.tenants.activate('busy')
      await worked(async () => {
        await driver.hurry()
        return notes.length === 2
      })
      expect(await rowsOf('busy')).toEqual(['of busy'])
      await tenancy.tenants.activate('stopped')
    })

    test('of a tenant whose name belongs to another one by now are refused', async () => {
      await fresh('acme', 'sold')
      await tenancy.run('sold', () => driver.add('note', { text: 'of the first' }))
      await tenancy.tenants.rename('sold', { schema: 'sold-before' })
      await tenancy.tenants.create({ schema: 'sold' })
      // What a job with the name of the schema does: it runs in the tenant that has the name now.
      await tenancy.run('sold', () => note({ text: 'of the first, by name' }))
      expect(await rowsOf('sold')).toEqual(['of the first, by name'])
      await worked(async () => (await driver.dead()).length === 1)
      expect(await driver.dead()).toEqual([expect.stringContaining('whose name belongs to another tenant now')])
      expect(await rowsOf('sold')).toEqual(['of the first, by name'])
      expect(await rowsOf('sold-before')).toEqual([])
    })
  })
}

export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await condition()) return
    await sleep(25)
  }
  throw new Error('It did not come about.')
}
