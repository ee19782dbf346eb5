import { expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { writeFiles } from '../../support/tenants/registry.ts'
import { expectFailure, project } from '../partywall.ts'

const { url } = await testDatabase()

test(
  'tenant create shows the steps, tenant show what is missing, tenant resume completes it, and seed runs a set once',
  { timeout: 60_000 },
  async () => {
    const { run, folder } = await project(url, {
      'migrations/tenant/0001_log.sql': 'create table log (word text)',
      'seeds/1_first.sql': `insert into log values ('first')`,
      'seeds/2_second.sql': `insert into log\nvalues (nothing)`,
      'seeds/demo/orders.sql': `insert into log values ('order')`,
    })
    const created = await run('tenant create acme --json')
    const { message } = expectFailure(created, 1, 'PROVISION_FAILED')
    expect(created.json.error.details).toEqual({ schema: 'acme', step: '2_second.sql', line: 2, sqlState: '42703' })
    expect(message).toContain('line 2: column "nothing" does not exist')
    expect(message).toContain('run partywall tenant resume acme.')
    expect(created.stderr).toMatch(
      /^1_first\.sql …\n1_first\.sql done after \d+ ms\n2_second\.sql …\n2_second\.sql failed after \d+ ms$/m,
    )

    expect((await run('tenant list')).stdout).toMatch(/^acme .* failed /m)
    const shown = await run('tenant show acme')
    expect(shown.stdout).toMatch(/^step +2_second\.sql: failed, line 2: column "nothing" does not exist \(SQLSTATE 42703\)\.$/m)
    expect(shown.stdout).not.toContain('1_first')
    const entered = await run('seed demo --tenant acme --json')
    expect(entered.json).toMatchObject({ ok: false, entries: [{ state: 'failed', error: { code: 'INVALID_TENANT_MOVE' } }] })
    expect(entered.json.entries[0].error.message).toContain('`partywall tenant resume acme` completes it.')

    await writeFiles(folder, { 'seeds/2_second.sql': `insert into log values ('second')` })
    const resumed = await run('tenant resume acme --json')
    expect(resumed.json).toMatchObject({
      schema: 'acme',
      status: 'active',
      steps: [
        { name: '1_first.sql', kind: 'seed', state: 'done', attempts: 1 },
        { name: '2_second.sql', kind: 'seed', state: 'done', attempts: 2 },
      ],
    })
    expect(resumed.stderr).toContain('2_second.sql (attempt 2) …')
    expectFailure(await run('tenant resume acme --json'), 1, 'INVALID_TENANT_MOVE')

    const seeded = await run('seed demo --all --json')
    expect(seeded.json).toMatchObject({ ok: true, entries: [{ target: 'acme', state: 'done', seeds: ['demo/orders.sql'] }] })
    expect(seeded.stderr).toContain('acme: demo/orders.sql …')
    expect((await run('seed demo --all --json')).json.entries[0].seeds).toEqual([])
    expect((await run('seed demo --tenant acme --again')).stdout).toMatch(/^acme +done +demo\/orders\.sql$/m)
    expectFailure(await run('seed dem --all --json'), 2, 'INVALID_ARGUMENT')
    const words = await run(['sql', '--tenant', 'acme', '--json', 'select string_agg(word, chr(44)) as words from log'])
    expect(words.json.rows).toEqual([{ words: 'first,second,order,order' }])
  },
)
