/** The values that the flags of `migrate` take, and the flags that exclude each other. */
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import type { Cli } from '../context/cli.ts'
import { buildProgram } from '../program.ts'
import { runOptionsOf, selectionOf, withRunFlags, withSelection } from './flags.ts'

test('run flags become options of the library, times in milliseconds', () => {
  const command = withRunFlags(new Command())
  command.parse(
    [
      '--concurrency',
      '8',
      '--canary',
      '0',
      '--on-failure',
      'stop',
      '--max-failures',
      '3',
      '--retries',
      '2',
      '--verify',
      '--lock-timeout',
      '0',
      '--statement-timeout',
      '1.5s',
      '--deadline',
      '10m',
    ],
    { from: 'user' },
  )
  expect(runOptionsOf(command.opts())).toEqual({
    concurrency: 8,
    canary: 0,
    onFailure: 'stop',
    maxFailures: 3,
    retries: 2,
    verify: true,
    lockTimeoutMs: 0,
    statementTimeoutMs: 1500,
    deadlineMs: 600_000,
  })
})

test('selection flags become the selection of the library, each repeatable flag a list', async () => {
  expect(await select('--tenants --kind a --kind b --status active --status archived')).toEqual({
    tenants: true,
    kinds: ['a', 'b'],
    status: ['active', 'archived'],
  })
  expect(await select('--tenant acme --tenant bolt')).toEqual({ tenants: ['acme', 'bolt'] })
  expect(await select('--shared')).toEqual({ shared: true })
  await expect(select('--kind c')).rejects.toMatchObject({ code: 'UNKNOWN_KIND', details: { kinds: ['a', 'b'] } })
})

describe('migrate refuses the flags, before anything is done', () => {
  test.each([
    ['--tenants --tenant acme', /give --tenants or --tenant <tenant>, not both/],
    ['--status asleep', /active, suspended, maintenance, archived/],
    ['--concurrency 0', /at least 1/],
    ['--concurrency 2.5', /at least 1/],
    ['--concurrency', /argument missing/],
    ['--canary -1', /at least 0/],
    ['--max-failures none', /at least 1/],
    ['--retries 1e99', /at least 0/],
    ['--on-failure halt', /continue, stop/],
    ['--lock-timeout 2d', /500ms, 2s, 10m or 1h/],
    ['--statement-timeout 600h', /24 days/],
    ['--deadline 0', /more than 0/],
    ['--plan --fake', /'--plan' cannot be used with option '--fake'/],
    ['--plan --check', /cannot be used with/],
    ['--plan --resume', /cannot be used with/],
    ['--check --fake', /cannot be used with/],
    ['--check --resume', /cannot be used with/],
    ['--resume --shared', /cannot be used with/],
    ['--resume --tenants', /cannot be used with/],
    ['--resume --tenant acme', /cannot be used with/],
    ['--resume --kind big', /cannot be used with/],
    ['--resume --status active', /cannot be used with/],
    ['--resume --to 0004', /cannot be used with/],
    ['--resume --fake', /cannot be used with/],
    ['down --fake', /unknown option '--fake'/],
    ['down --resume', /unknown option '--resume'/],
    ['--fake down --tenants --to 0', /put --fake after `migrate down`/],
    ['--verify down --tenants --to 0', /put --verify after/],
    ['down --to 0', /missing --tenants/],
    ['down --shared --tenants --to 0', /roll the tenants back first/],
    ['down --shared --kind big --to 0', /roll the tenants back first/],
    ['down --shared --status suspended --to 0', /roll the tenants back first/],
  ])('migrate %s', async (call, message) => {
    // None of these calls gets as far as opening a tenancy.
    const program = await buildProgram({} as Cli)
    await expect(program.parseAsync(['migrate', ...call.split(' ')], { from: 'user' })).rejects.toThrow(message)
  })
})

/** The selection that these flags give, where the config has the kinds a and b. */
function select(flags: string): Promise<object> {
  const cli = { tenancy: async () => ({ options: { migrations: { tenant: { a: '', b: '' } } } }) }
  return selectionOf(cli as never, withSelection(new Command()).parse(flags.split(' '), { from: 'user' }).opts())
}
