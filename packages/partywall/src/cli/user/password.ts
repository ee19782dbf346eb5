/** The password that a command sets: of the standard input, of a prompt, or made here. Never of the command line, which every user of the machine can read. */
import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import type { Cli } from '../context/cli.ts'
import type { UserAccount, UserAccounts } from '../../ports/user-accounts.ts'
import { UsageError } from '../terminal/failure.ts'
import { renderAccount, withAccounts, type TenantFlag } from './accounts.ts'

export const passwordOption = [
  '--password-stdin',
  'read the password from the standard input (default: a prompt on a terminal, else a password is made and shown once)',
] as const

export interface PasswordFlag {
  readonly passwordStdin?: boolean
}

interface ChosenPassword {
  readonly password: string
  /** It was made here, so it is shown. */
  readonly isMade: boolean
}

async function choosePassword(cli: Cli, { passwordStdin = false }: PasswordFlag): Promise<ChosenPassword> {
  if (passwordStdin) {
    const password = (await text(process.stdin)).replace(/\r?\n$/, '')
    if (password === '') throw new UsageError('the standard input has no password', 'MISSING_ANSWER')
    return { password, isMade: false }
  }
  const answer = await cli.ask.secret({ missing: '--password-stdin', question: 'Password (empty: one is made and shown)' })
  return answer === undefined
    ? { password: randomBytes(18).toString('base64url'), isMade: true }
    : { password: answer, isMade: false }
}

/** Changes an account with the password that is chosen, and prints it; with the password where it was made here. */
export async function withPassword(
  cli: Cli,
  flags: TenantFlag & PasswordFlag,
  change: (accounts: UserAccounts, password: string) => Promise<UserAccount>,
): Promise<void> {
  const { schema, result } = await withAccounts(await cli.tenancy(), flags, async (accounts) => {
    const { password, isMade } = await choosePassword(cli, flags)
    return { account: await change(accounts, password), shown: isMade ? password : undefined }
  })
  const { account, shown } = result
  cli.out.result({ ...account, schema, password: shown }, () => renderAccount(account, schema, shown))
  if (shown !== undefined) cli.out.say('The password is shown once, and stored nowhere.')
}
