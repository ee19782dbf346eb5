/** The option `auth`: the sign-in of the application, for the command line and the console. */
import type { SignIn } from '../ports/user-accounts.ts'
import { invalid, knownKeys } from './checks.ts'

export interface AuthConfig {
  /**
   * Makes the sign-in of the users of each tenant, with the tenancy of this config.
   * @default none
   * @example { tenant: (tenancy) => tenantAuth(tenancy, () => options, { secret }) }
   */
  tenant?: ((tenancy: any) => SignIn) | undefined
  /**
   * Makes the sign-in of accounts that are not of one tenant: operators, and users of many tenants.
   * @default none
   * @example { central: (tenancy) => centralAuth(tenancy, options, { secret }) }
   */
  central?: ((tenancy: any) => SignIn) | undefined
}

/** The same, checked. */
export interface AuthOption {
  readonly tenant: ((tenancy: any) => SignIn) | undefined
  readonly central: ((tenancy: any) => SignIn) | undefined
}

export function authOption(auth: AuthConfig): AuthOption {
  knownKeys('auth.', auth, ['tenant', 'central'])
  const { tenant, central } = auth
  for (const [name, value] of Object.entries({ tenant, central })) {
    if (value !== undefined && typeof value !== 'function')
      throw invalid(
        `auth.${name}`,
        value,
        'a function that takes the tenancy and returns the sign-in, such as (tenancy) => tenantAuth(tenancy, …)',
      )
  }
  return Object.freeze({ tenant, central })
}
