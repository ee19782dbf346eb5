/** Signing in and out, where `authorize` is made by `adminsOf`. Strangers call these. */
import { Hono, type Context } from 'hono'
import * as z from 'zod'
import type { AppEnv } from '../app.ts'
import { problem } from '../problem.ts'
import type { Accounts } from './accounts.ts'
import { Attempts } from './attempts.ts'

const credentials = z.strictObject({ email: z.string().min(3).max(255), password: z.string().min(1).max(1000) })

export function signInRoutes(accounts: Accounts): Hono<AppEnv> {
  // From one address for one account; and for one account from everywhere, where guesses come from many addresses.
  const fromOne = new Attempts(5, 60_000)
  const fromAll = new Attempts(100, 3_600_000)
  const routes = new Hono<AppEnv>()

  routes.post('/sign-in', async (c) => {
    const { email, password } = credentials.parse(await c.req.json())
    const account = email.toLowerCase()
    const one = `${c.env.node?.socket.remoteAddress ?? ''} ${account}`
    if (fromOne.isOver(one) || fromAll.isOver(account))
      return problem(c, 429, {
        code: 'TOO_MANY_ATTEMPTS',
        title: 'Too many attempts',
        detail: 'Wait for a minute, then try again.',
      })
    // Counted before the password is looked at: attempts at the same moment would all see the count of before.
    fromOne.failed(one)
    fromAll.failed(account)
    const result = await accounts.signIn(c.req.raw, email, password)
    if (typeof result !== 'string') {
      fromOne.succeeded(one)
      fromAll.takeBack(account)
      return withCookies(c, result)
    }
    return result === 'refused'
      ? problem(c, 401, {
          code: 'SIGN_IN_REFUSED',
          title: 'You are not signed in',
          detail: 'The address or the password is wrong, or the account may not sign in.',
        })
      : problem(c, 403, {
          code: 'NOT_AN_OPERATOR',
          title: 'This account may not enter',
          detail: 'The console is for accounts with the role of an operator.',
        })
  })

  routes.post('/sign-out', async (c) => withCookies(c, await accounts.signOut(c.req.raw)))
  return routes
}

function withCookies(c: Context, cookies: readonly string[]): Response {
  for (const cookie of cookies) c.header('set-cookie', cookie, { append: true })
  return c.body(null, 204)
}
