/** Asks the application who uses the console, for each request. */
import type { MiddlewareHandler } from 'hono'
import { TenancyError } from 'partywall'
import type { AppEnv } from '../app.ts'
import type { CheckedOptions } from '../options.ts'
import type { Operator } from '../parts.ts'
import { problem } from '../problem.ts'
import { roles } from './roles.ts'

export function admits({ authorize }: CheckedOptions): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const operator = await authorize(c.req.raw, c.env.node)
    if (operator === undefined || operator === null)
      return problem(c, 401, {
        code: 'SIGN_IN_REQUIRED',
        title: 'You are not signed in',
        detail: 'Sign in, then open this page again.',
      })
    c.set('operator', checked(operator))
    await next()
    return undefined
  }
}

/** @throws TenancyError INVALID_OPTION: what is not certainly an operator enters nothing */
function checked({ id, name, role }: Operator): Operator {
  if (typeof id !== 'string' || id.length === 0 || id.length > 200)
    throw new TenancyError(
      'INVALID_OPTION',
      '"authorize" of console() must return an operator with an "id" of 1 to 200 characters.',
    )
  if (!roles.includes(role))
    throw new TenancyError('INVALID_OPTION', `"authorize" of console() must return an operator with a role: ${roles.join(', ')}.`)
  return { id, role, ...(typeof name === 'string' && { name }) }
}
