/** The accounts of a sign-in, as the command line and the console handle them: those of one tenant, or the central ones. */

export interface UserAccount {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly emailVerified: boolean
  readonly isAdmin: boolean
  readonly isDisabled: boolean
  readonly createdAt: Date
}

export interface NewUserAccount {
  email: string
  password: string
  /** @default the part of the address before the @ */
  name?: string | undefined
  /** Whether the account has the role `admin` of the sign-in. @default false */
  admin?: boolean | undefined
  /** Whether the address counts as verified. @default false */
  verified?: boolean | undefined
}

export interface UserListOptions {
  /** Only accounts whose address contains this text. @default all */
  search?: string | undefined
  /** 1 to 1000. @default 100 */
  limit?: number | undefined
  /** The address of the last account of the page before. @default from the first */
  cursor?: string | undefined
}

/**
 * Each call is in the audit, before the change where the account is known, and in the scope of the tenant where the accounts are a tenant's. An account is named by its
 * e-mail address.
 */
export interface UserAccounts {
  /** @throws TenancyError USER_EXISTS, INVALID_ARGUMENT; INVALID_OPTION for an admin where the sign-in has no roles */
  create(user: NewUserAccount): Promise<UserAccount>
  /** One page, sorted by address. @throws TenancyError INVALID_ARGUMENT */
  list(options?: UserListOptions): Promise<UserAccount[]>
  /** The account cannot sign in any more, and its sessions end. @throws TenancyError UNKNOWN_USER; INVALID_OPTION where the sign-in cannot disable accounts */
  disable(email: string): Promise<UserAccount>
  /** @throws TenancyError UNKNOWN_USER, INVALID_OPTION */
  enable(email: string): Promise<UserAccount>
  /** Its sessions end. @throws TenancyError UNKNOWN_USER, INVALID_ARGUMENT */
  setPassword(email: string, password: string): Promise<UserAccount>
}

/** What the option `auth` of a config makes: the result of `tenantAuth` or `centralAuth` of partywall/better-auth, or a sign-in of your own. */
export interface SignIn {
  readonly users: UserAccounts
}
