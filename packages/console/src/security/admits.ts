/** Asks the application who uses the console, for each request. */
import type { Context, MiddlewareHandler } from 'hono'
import { TenancyError } from 'partywall'
import { accountsOf } from '../accounts/accounts.ts'
import type { AppEnv } from '../app.ts'
import type { CheckedOptions } from '../options.ts'
import type { Operator } from '../parts.ts'
import { problem } from '../problem.ts'
import { roles } from './roles.ts'

export function admits(options: CheckedOptions): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const operator = await operatorOf(options, c)
    if (operator === undefined)
      return problem(c, 401, {
        code: 'SIGN_IN_REQUIRED',
        title: 'You are not signed in',
        detail: 'This console is for its operators. Sign in as one of them, then open this page again.',
        signIn: accountsOf(options.authorize) === undefined ? undefined : 'password',
        signInUrl: options.signInUrl,
      })
    c.set('operator', operator)
    await next()
    return undefined
  }
}

/** Undefined for a stranger. @throws TenancyError INVALID_OPTION: what is not certainly an operator enters nothing */
export async function operatorOf({ authorize }: CheckedOptions, c: Context<AppEnv>): Promise<Operator | undefined> {
  const operator = await authorize(c.req.raw, c.env.node)
  return operator === undefined || operator === null ? undefined : checked(operator)
}

function checked(operator: Operator): Operator {
  const { id, name, role } = Object(operator) as Partial<Operator>
  if (typeof id !== 'string' || id.trim() === '' || id.length > 200 || /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(id))
    throw invalid('an "id" of 1 to 200 characters, without line breaks and control characters')
  if (role === undefined || !roles.includes(role)) throw invalid(`a "role": ${roles.join(', ')}`)
  return { id, role, ...(typeof name === 'string' && { name: name.slice(0, 200) }) }
}

function invalid(what: string): TenancyError {
  return new TenancyError('INVALID_OPTION', `"authorize" of console() must return undefined, or an operator with ${what}.`)
}
