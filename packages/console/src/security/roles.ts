/** Who may do what. A route that changes something names its role. */
import type { MiddlewareHandler } from 'hono'
import type { ConsoleEnv, Role } from '../parts.ts'

export const roles: readonly Role[] = ['viewer', 'operator', 'owner']

/** Answers 403 to operators of a lower role. */
export function needs(role: Role): MiddlewareHandler<ConsoleEnv> {
  return async (c, next) => {
    if (roles.indexOf(c.get('operator').role) >= roles.indexOf(role)) {
      await next()
      return undefined
    }
    return c.json({ code: 'ROLE_REQUIRED', title: 'Your role does not permit it', detail: `This needs the role ${role}.` }, 403)
  }
}
