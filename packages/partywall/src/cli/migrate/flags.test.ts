/** What the flags of `migrate` take, and which of them do not go together. */
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { migrateDown } from './down.ts'
import { migrate } from './run.ts'
import { runOptionsOf, withRunFlags } from './flags.ts'

test('the flags become the options of the library, times in milliseconds', () => {
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

describe('refused, before anything is tried', () => {
  test.each([
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
    ['--resume --to 0004', /cannot be used with/],
    ['--resume --fake', /cannot be used with/],
    ['down --fake', /unknown option '--fake'/],
    ['down --resume', /unknown option '--resume'/],
    ['--fake down --tenants --to 0', /put --fake behind `migrate down`/],
    ['--verify down --tenants --to 0', /put --verify behind/],
    ['down --to 0', /missing --tenants/],
    ['down --shared --tenants --to 0', /go back with them first/],
    ['down --shared --kind big --to 0', /go back with them first/],
  ])('migrate %s', async (call, message) => {
    const program = new Command()
      .exitOverride()
      .enablePositionalOptions()
      .configureOutput({ outputError: () => {} })
    // No command gets as far as to ask for a tenancy.
    migrateDown(migrate(program, undefined as never).enablePositionalOptions(), undefined as never)
    await expect(program.parseAsync(['migrate', ...call.split(' ')], { from: 'user' })).rejects.toThrow(message)
  })
})
