/** A limit for each statement of a tenant. Without one, what the role or the server has set applies. */
import { literal } from '../../sql/literal.ts'
import { assertWholeNumber, mostTimeoutMs } from '../../whole-number.ts'
import type { Setting } from './setting.ts'

/** @throws TenancyError INVALID_OPTION */
export function statementTimeout(milliseconds: number): Setting {
  const what = 'The value that the function "statementTimeoutMs" returns'
  assertWholeNumber('INVALID_OPTION', what, 'statementTimeoutMs', milliseconds, { least: 0, most: mostTimeoutMs })
  return {
    name: 'statement_timeout',
    tag: 'timeout',
    values: [String(milliseconds)],
    literals: () => [literal(String(milliseconds))],
    expression: ([value]) => value!,
  }
}
