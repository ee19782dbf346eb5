/** Sign-in with Better Auth. Each tenant has its own users, sessions and secret: a cookie of one tenant is worth nothing at another. */
import { tenantAuth, type TenantAuthTenancy } from 'partywall/better-auth'
import { authSecret } from './secret.ts'

/** migrations/tenant/0002_users.sql has the tables of these options. Only `npm run add-user` makes users, because sign-up is disabled. */
export const authOptions = { emailAndPassword: { enabled: true, disableSignUp: true } }

export function authOf(tenancy: TenantAuthTenancy) {
  return tenantAuth(tenancy, () => authOptions, { secret: authSecret() })
}

export type Auth = ReturnType<typeof authOf>
