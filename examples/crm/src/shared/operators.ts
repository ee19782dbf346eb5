/** The accounts of those who operate the whole app. They are in the shared schema, and sign in at `admin.` alone. */
import { admin } from 'better-auth/plugins'
import { centralAuth, type CentralAuthTenancy } from 'partywall/better-auth'
import { secretFor, type Environment } from '../environment.ts'

export type Operators = ReturnType<typeof createOperators>

export function adminUrl(appUrl: string): string {
  const url = new URL(appUrl)
  url.hostname = `admin.${url.hostname}`
  return url.origin
}

export function operatorOptions(appUrl: string) {
  return {
    baseURL: adminUrl(appUrl),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 10 },
    plugins: [admin()],
    advanced: { ipAddress: { ipAddressHeaders: ['x-crm-client'] } },
    rateLimit: { enabled: true },
    telemetry: { enabled: false },
    logger: { disabled: true },
  }
}

export function createOperators(tenancy: CentralAuthTenancy, environment: Environment) {
  return centralAuth(tenancy, operatorOptions(environment.appUrl), { secret: secretFor('operators', environment) })
}
