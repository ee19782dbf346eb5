/**
 * The users of each tenant, in its own schema. Fields of your own belong here from the start (`additionalFields`): they are columns of the table `user`, and a column that comes
 * later is a migration of every tenant.
 */
import type { BetterAuthOptions } from 'better-auth'
import { tenantAuth, type TenantAuthTenancy } from 'partywall/better-auth'
import { secretFor, type Environment } from '../environment.ts'
import type { Mailer } from '../mail/mailer.ts'
import { resetMail } from '../mail/mails.ts'
import { entrance } from './entrance.ts'

export type Users = ReturnType<typeof createUsers>

/** What the tables follow from; migrations/tenant/0001_users.sql is made of it, and a test compares. */
export const userFields = {
  emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 10, revokeSessionsOnPasswordReset: true },
  user: {
    additionalFields: {
      jobTitle: { type: 'string', required: false },
      timeZone: { type: 'string', required: true, defaultValue: 'UTC' },
    },
  },
} satisfies BetterAuthOptions

/** @param limits whether sign-ins are counted; tests sign in often */
export function createUsers(tenancy: TenantAuthTenancy<any>, environment: Environment, mailer: Mailer, { limits = true } = {}) {
  return tenantAuth(
    tenancy,
    (tenant) => ({
      ...userFields,
      emailAndPassword: {
        ...userFields.emailAndPassword,
        sendResetPassword: async ({ user, url }: { user: { email: string }; url: string }) => {
          await mailer.send(resetMail({ to: user.email, tenant: tenant.name, url }))
        },
      },
      // Who reads the table could otherwise choose a password for everyone who has forgotten one.
      verification: { storeIdentifier: 'hashed' },
      plugins: [entrance(tenancy, environment.appUrl)],
      advanced: { ipAddress: { ipAddressHeaders: ['x-crm-client'] } },
      rateLimit: { enabled: limits },
      telemetry: { enabled: false },
      logger: { disabled: true },
    }),
    { secret: secretFor('users', environment) },
  )
}
