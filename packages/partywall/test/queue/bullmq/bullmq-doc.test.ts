/** The queue of docs/bullmq.md, as it stands there. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Tenancy } from '../../../src/index.ts'
import { examplePage } from '../../http/page-example.ts'
import { atFileEnd } from '../../support/run/file-end.ts'
import { hasRedis, withoutRedis } from '../../support/servers/redis.ts'
import { secret, startParts, until, type Parts } from './parts.ts'

const { exampleWith } = await examplePage('docs/bullmq.md')
const { mailQueue, startMailWorker } = await exampleWith('export function mailQueue')

describe.skipIf(!hasRedis())(`docs/bullmq.md (${withoutRedis} if skipped)`, () => {
  let parts: Parts
  beforeAll(async () => {
    parts = await startParts('acme', 'globex')
  })

  test('the queue and the worker', async () => {
    const { connection } = parts
    const tenancy: Tenancy = parts.tenancy
    const mails = mailQueue(tenancy, connection, secret)
    for (const schema of ['acme', 'globex']) {
      await tenancy.run(schema, async () => {
        await tenancy.pool.query('create table sent (mail text)')
        await mails.add('welcome', { to: `ada@${schema}.example` }, { attempts: 5, backoff: 1000 })
      })
    }
    const worker = startMailWorker(tenancy, connection, secret)
    atFileEnd(() => worker.close(true))
    await until(
      async () => (await mails.jobsOf('globex')).counts.completed === 1 && (await mails.jobsOf('acme')).counts.completed === 1,
    )
    for (const schema of ['acme', 'globex']) {
      const { rows } = await tenancy.run(schema, () => tenancy.pool.query('select mail from sent'))
      expect(rows).toEqual([{ mail: `ada@${schema}.example` }])
    }
  })
})
