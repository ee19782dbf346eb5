/** The accounts of operators, where the console itself signs them in: what `adminsOf` attaches to the function that it returns. */
import type { OperatorAccount } from '../operators/api.ts'
import type { ConsoleOptions } from '../options.ts'

export interface Accounts {
  /** The cookies of a new session; `refused`: the address or the password is wrong; `stranger`: they are right, and the account has no role here. */
  signIn(request: Request, email: string, password: string): Promise<readonly string[] | 'refused' | 'stranger'>
  /** The cookies that end the session. */
  signOut(request: Request): Promise<readonly string[]>
  /** Those who may enter. Only for the session of an administrator. */
  list(request: Request): Promise<readonly OperatorAccount[]>
  create(account: { email: string; password: string; name?: string | undefined }): Promise<void>
  setDisabled(email: string, isDisabled: boolean): Promise<void>
}

const key = Symbol('accounts of operators')

export function withAccounts<F extends ConsoleOptions['authorize']>(authorize: F, accounts: Accounts): F {
  return Object.defineProperty(authorize, key, { value: accounts })
}

/** Undefined where the application itself signs its operators in. */
export function accountsOf(authorize: ConsoleOptions['authorize']): Accounts | undefined {
  return (authorize as { [key]?: Accounts })[key]
}
