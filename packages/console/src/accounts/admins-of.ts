/** Operators are accounts of the central sign-in of Better Auth. */
import { TenancyError, type SignIn } from 'partywall'
import type { OperatorAccount } from '../operators/api.ts'
import type { ConsoleOptions } from '../options.ts'
import type { Operator, Role } from '../parts.ts'
import { roles as order } from '../security/roles.ts'
import { withAccounts } from './accounts.ts'
import { cookieHeader, strictCookies } from './cookies.ts'

/** What `centralAuth` of partywall/better-auth gives. */
export interface CentralSignIn extends SignIn {
  call<T>(fn: (api: any) => T): Promise<Awaited<T>>
}

export interface AdminsOptions {
  /**
   * Which role of Better Auth may do what in the console. Roles that are not named here do not enter.
   * @default { admin: 'owner' }
   */
  readonly roles?: Readonly<Record<string, Role>>
}

interface User {
  readonly id: string
  readonly email: string
  readonly name?: string | null
  readonly role?: string | null
  readonly banned?: boolean | null
  readonly createdAt: string | Date
}

/**
 * For the option `authorize`: operators are the central accounts with the role `admin`, as `partywall user create --admin` makes them. The console then has a page to sign in, and one for the accounts.
 * An account that was disabled, or lost its role, is out with its next request.
 * @param central the result of `centralAuth`, with the plugin `admin()` and `emailAndPassword`
 * @example console(tenancy, { authorize: adminsOf(centralAuth(tenancy, options, { secret })) })
 * @throws TenancyError INVALID_OPTION
 */
export function adminsOf(central: CentralSignIn, options: AdminsOptions = {}): ConsoleOptions['authorize'] {
  const { roles = { admin: 'owner' } } = options
  if (typeof (central as Partial<CentralSignIn> | undefined)?.call !== 'function' || central.users === undefined)
    throw new TenancyError('INVALID_OPTION', 'adminsOf() takes the result of centralAuth(tenancy, options, { secret }).')
  for (const [name, role] of Object.entries(roles))
    if (!order.includes(role))
      throw new TenancyError(
        'INVALID_OPTION',
        `The role ${JSON.stringify(name)} of adminsOf() must be one of ${order.join(', ')}.`,
      )

  const userOf = async (headers: Headers): Promise<User | undefined> => {
    // Without the copy of the session in a cookie, which would keep a role that was taken.
    const session = await central.call((api) => api.getSession({ headers, query: { disableCookieCache: true } }))
    return (session as { user?: User } | null)?.user
  }
  const roleOf = ({ role, banned }: User): Role | undefined => {
    if (banned === true) return undefined
    const has = new Set((role ?? '').split(',').map((name) => roles[name.trim()]))
    return order.findLast((name) => has.has(name))
  }
  const operatorOf = async (headers: Headers): Promise<Operator | undefined> => {
    const user = await userOf(headers)
    const role = user && roleOf(user)
    return user === undefined || role === undefined ? undefined : { id: `user:${user.id}`, name: user.email, role }
  }

  const authorize: ConsoleOptions['authorize'] = ({ headers }) => operatorOf(headers)
  return withAccounts(authorize, {
    async signIn({ headers }, email, password) {
      const answer: Response = await central.call((api) =>
        api.signInEmail({ body: { email, password }, headers: withoutCookies(headers), asResponse: true }),
      )
      const cookies = strictCookies(answer)
      if (!answer.ok || cookies.length === 0) return 'refused'
      const session = new Headers({ cookie: cookieHeader(cookies) })
      if ((await operatorOf(session)) !== undefined) return cookies
      await central.call((api) => api.signOut({ headers: session, asResponse: true }))
      return 'stranger'
    },
    async signOut({ headers }) {
      return strictCookies(await central.call((api) => api.signOut({ headers, asResponse: true })))
    },
    async list({ headers }) {
      const found = new Map<string, OperatorAccount>()
      for (const name of Object.keys(roles)) {
        const query = { filterField: 'role', filterOperator: 'contains', filterValue: name, sortBy: 'email', limit: 100 }
        const { users }: { users: User[] } = await central.call((api) => api.listUsers({ query, headers }))
        for (const user of users) {
          const role = roleOf({ ...user, banned: false })
          if (role === undefined || found.has(user.id)) continue
          const { sessions }: { sessions: { createdAt: string | Date }[] } = await central.call((api) =>
            api.listUserSessions({ body: { userId: user.id }, headers }),
          )
          const times = sessions.map(({ createdAt }) => new Date(createdAt).getTime())
          found.set(user.id, {
            id: `user:${user.id}`,
            email: user.email,
            name: user.name ?? user.email,
            role,
            isDisabled: user.banned === true,
            createdAt: new Date(user.createdAt).toISOString(),
            signedInAt: times.length === 0 ? null : new Date(Math.max(...times)).toISOString(),
          })
        }
      }
      return [...found.values()]
    },
    async create({ email, password, name }) {
      await central.users.create({ email, password, name, admin: true, verified: true })
    },
    async setDisabled(email, isDisabled) {
      await (isDisabled ? central.users.disable(email) : central.users.enable(email))
    },
  })
}

/** Who signs in is told by the password alone. */
function withoutCookies(headers: Headers): Headers {
  const rest = new Headers(headers)
  rest.delete('cookie')
  rest.delete('content-length')
  return rest
}
