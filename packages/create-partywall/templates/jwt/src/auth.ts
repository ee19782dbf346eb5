/** Sign-in with a password. Each tenant has users and keys of its own: a token of one tenant is worth nothing at another. */
import { createTokens, type TokenPair } from 'partywall/jwt'
import { authSecret } from './secret.ts'
import type { AppTenancy } from './tenancy.ts'
import { usersOf } from './users.ts'

export function authOf(tenancy: AppTenancy) {
  const tokens = createTokens(tenancy, { secret: authSecret() })
  const users = usersOf(tenancy.pool)
  return {
    users,
    userOf: tokens.userOf,

    /** Undefined where the address is unknown, or the password is wrong. */
    async signIn(body: unknown): Promise<TokenPair | undefined> {
      const { email, password } = (body ?? {}) as { email?: unknown; password?: unknown }
      if (typeof email !== 'string' || typeof password !== 'string') return undefined
      const userId = await users.idOf(email, password)
      return userId === undefined ? undefined : tokens.sign({ userId })
    },

    /** A refresh token works once. Every other text is refused with 401. */
    refresh(body: unknown): Promise<TokenPair> {
      const { refreshToken } = (body ?? {}) as { refreshToken?: unknown }
      return tokens.refresh(typeof refreshToken === 'string' ? refreshToken : '')
    },
  }
}

export type Auth = ReturnType<typeof authOf>
