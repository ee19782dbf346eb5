import { expect, test } from 'vitest'
import { assertRunOptions, type RunOptions } from './run-options.ts'

test.each<RunOptions>([
  {},
  { canary: 0, lockTimeoutMs: 0, retries: 0, statementTimeoutMs: 2_147_483_647, deadlineMs: 1, concurrency: 1 },
  { down: true, to: '0' },
  { resume: true, concurrency: 4, fake: false },
  { resume: true, signal: AbortSignal.abort() },
])('assertRunOptions accepts %j', (options) => assertRunOptions('migrations.run', options))

test.each<[RunOptions, string]>([
  [{ concurrency: 0 }, 'at least 1; it is 0'],
  [{ canary: 1.5 }, 'at least 0; it is 1.5'],
  [{ maxFailures: 0 }, 'at least 1'],
  [{ lockTimeoutMs: 2 ** 31 }, 'from 0 to 2147483647'],
  [{ statementTimeoutMs: NaN }, 'it is NaN'],
  [{ deadlineMs: 0 }, 'at least 1'],
  [{ onFailure: 'halt' as never }, `'continue' or 'stop'; it is "halt"`],
  [{ signal: new AbortController() as never }, 'must be an AbortSignal'],
  [{ down: true }, 'the last migration to keep'],
  [{ down: true, to: '0001', fake: true }, 'cannot be combined with "down"'],
  [{ resume: true, tenants: 'acme' }, 'cannot be combined with "tenants"'],
  [{ to: 4 as never }, '"to" of migrations.run must be the name'],
  [{ down: 'no' as never }, 'must be true or false'],
  [{ shared: 1 as never }, 'must be true or false'],
  [{ onEntry: {} as never }, 'must be a function'],
  [{ resume: true, to: '0001' }, 'cannot be combined with "to"'],
])('assertRunOptions refuses %j', (options, message) => {
  expect(() => assertRunOptions('migrations.run', options)).toThrow(message)
  expect(() => assertRunOptions('migrations.run', options)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
})
