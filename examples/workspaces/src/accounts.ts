/** Accounts: one for each person, whatever the number of workspaces. Better Auth keeps them in the shared schema. */
import type { BetterAuthOptions } from 'better-auth'
import { centralAuth, type CentralAuthTenancy } from 'partywall/better-auth'

export const options = {
  baseURL: `http://localhost:${process.env.PORT ?? 3000}`,
  emailAndPassword: { enabled: true },
} satisfies BetterAuthOptions

// Without AUTH_SECRET people must sign in again after each start. Set it where the app really runs.
const secret = process.env.AUTH_SECRET ?? crypto.randomUUID() + crypto.randomUUID()

export type Accounts = ReturnType<typeof accounts>

export function accounts(tenancy: CentralAuthTenancy) {
  return centralAuth(tenancy, options, { secret })
}
